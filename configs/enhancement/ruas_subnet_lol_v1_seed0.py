"""RUAS on LOL v1 with the cells that our own search has found.

Table 4, cooperative search, in miniature: search/ruas_supernet_lol_mini.py,
seed 0, on half of 40 dark pictures of LOL v1 each for weights and alphas.

Command:  LOL_ROOT=lol_split python tools/train.py
              configs/enhancement/ruas_subnet_lol_v1_seed0.py
          python tools/test.py configs/enhancement/ruas_subnet_lol_v1_seed0.py
              work_dirs/ruas_subnet_lol_v1_seed0/iter_2000.pth
Time:     about 10 min on two CPU cores
Expected: docs/results.md, "Search": 17.058 dB / .465 after 600 of the 2000
          iterations, on 41 pairs of LOL v1
"""

_base_ = ['./ruas_lol_v1.py', '../_base_/genotypes/searched_lol.json']

model = dict(
    scene=dict(genotype={{_base_.genotype.scene}}),
    noise_remover=dict(genotype={{_base_.genotype.noise_remover}}),
)
