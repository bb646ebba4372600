"""Fill the table of tutorial 9: approaches side by side, on the same folds, for the same seconds of processor time.

    make compare                                      # what is missing, the most telling cells first
    python scripts/compare.py --hours 1 --seeds 1     # stop after an hour; one seed only

Rows are written to nbs/tutorials/approaches.jsonl as they are measured: stop it at any time, start it again, and start
it several times at once. captcha_images_v2 is where CAPTCHA_OCR_DATA says; the other sets lie beside it, and are left
out where they do not. The whole table takes about nine hours of one core."""
import os
for o in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'): os.environ[o] = '1'    # before torch: a budget of processor seconds is one core's
import argparse, sys, time
from functools import lru_cache
from itertools import takewhile

import cv2, torch

from captcha_ocr.approaches import APPROACHES, SCHEDULES
from captcha_ocr.charset import CaptchaError
from captcha_ocr.compare import FOLDS, SHELF, Cell, compare, grid
from captcha_ocr.data import find_dataset, good_samples
from project import ROOT

PATTERN = {'arithmetic': '^([^_]+)_'}

def cells(seconds, seeds):
    "The table, and between its rows what stands beside it; the most telling first"
    table = grid(seconds, seeds)
    rows, first = len(APPROACHES), table[0].data
    shelf = [Cell(data, name) for data in FOLDS for name,(_,there,_) in SHELF.items() if there()]
    schedules = [Cell(first, 'gru', 0, 0, seed, seconds, o) for seed in range(2) for o in SCHEDULES]
    based = [o._replace(labels=n, base=True) for n in (100, 50, 0) for o in table[:rows]]
    return list(dict.fromkeys([*table[:2*rows], *shelf, *schedules, *table[2*rows:4*rows], *based, *table[4*rows:]]))

def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument('--hours', type=float, default=float('inf'), help='start no further cell after so long')
    ask.add_argument('--seconds', type=float, default=25, help='of processor time for each training')
    ask.add_argument('--seeds', type=int, default=3, help='trainings of each')
    args, start = ask.parse_args(), time.time()
    torch.set_num_threads(1); cv2.setNumThreads(1)
    if not (folder := find_dataset()): raise CaptchaError('captcha_images_v2 was not found: set CAPTCHA_OCR_DATA to its folder')
    @lru_cache(None)
    def samples_of(name): return sorted(good_samples(folder.parent/name, skip_bad=True, label_pattern=PATTERN.get(name))[0], key=lambda s: s.file.name)
    wanted = [o for o in cells(args.seconds, args.seeds) if (folder.parent/o.data).is_dir()]
    in_time = takewhile(lambda _: time.time()-start < args.hours*3600, wanted)
    compare(in_time, ROOT/'nbs/tutorials/approaches.jsonl', samples_of, lambda line: print(line, flush=True))

if __name__ == '__main__':
    try: main()
    except CaptchaError as e: sys.exit(str(e))
