from .low_light_simulation import LowLightSimulation

__all__ = ['LowLightSimulation']
