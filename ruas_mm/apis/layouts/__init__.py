"""Which tensor of a checkpoint of others is which of ours."""
