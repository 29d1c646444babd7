"""RUAS on LOL with the cells that our own search has found.

Table 4, cooperative search, in miniature: configs/search/ruas_lol_mini.py,
seed 0, on half of 40 dark pictures of LOL v1 each for weights and alphas.

Command:  python tools/train.py configs/ruas_lol_searched.py
          python tools/test.py configs/ruas_lol_searched.py
              work_dirs/ruas_lol_searched/iter_2000.pth
Time:     about 10 min on two CPU cores
Expected: docs/benchmark.md, "Search": 17.058 dB / .465 after 600 of the 2000
          iterations, on 41 pairs of LOL v1
"""

_base_ = [
    './_base_/lol.py',
    './_base_/ruas.py',
    './_base_/genotypes/searched_lol.json',
]

model = dict(
    scene=dict(genotype={{_base_.genotype.scene}}),
    noise_remover=dict(genotype={{_base_.genotype.noise_remover}}),
)
