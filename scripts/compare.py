"""Fill the table of tutorial 9: approaches side by side, on the same folds, for the same seconds of processor time.

    make compare                                      # what is missing, the most telling rows first
    python scripts/compare.py --hours 1 --rounds 3    # stop after an hour; three rounds over the folds instead of one

Rows are written to nbs/tutorials/approaches.jsonl as they are measured: stop it at any time, start it again, and start
it several times at once. captcha_images_v2 is where CAPTCHA_OCR_DATA says; the other sets lie beside it, and are left
out where they do not. A round takes about three hours of one core."""
import os
for o in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'): os.environ[o] = '1'    # before torch: a budget of processor seconds is one core's
import argparse, sys, time
from functools import lru_cache
from itertools import takewhile

import cv2, torch

from captcha_ocr.lab.approaches import APPROACHES, SCHEDULES
from captcha_ocr.charset import CaptchaError
from captcha_ocr.lab.compare import FOLDS, LABELS, OFF_THE_SHELF, Experiment, compare, grid
from captcha_ocr.data.download import find_dataset
from captcha_ocr.data.labels import good_samples
from project import ROOT

PATTERN = {'arithmetic': '^([^_]+)_'}

def experiments(seconds, rounds):
    "The table, and after its first fold the rows beside it: readers off the shelf, other schedules, training from scratch"
    table, data = grid(seconds, rounds), next(iter(FOLDS))
    installed = [name for name,o in OFF_THE_SHELF.items() if o.is_here()]
    shelf = [Experiment(o, name, 0, fold) for o,folds in FOLDS.items() for fold in range(folds) for name in installed]
    schedules = [Experiment(data, 'gru', n, fold, fold, seconds, o, True) for n in (0,100) for fold in range(3) for o in SCHEDULES]
    first = [o for o in table if o.data == data and o.fold == o.seed == 0 and o.labels != 50 and o.approach != 'base']
    scratch = [o._replace(pretrained=False) for o in first]
    n_first = len(LABELS)*len(FOLDS)*len(APPROACHES)
    return list(dict.fromkeys([*table[:n_first], *shelf, *schedules, *scratch, *table[n_first:]]))

def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument('--hours', type=float, default=float('inf'), help='start no further row after so many hours')
    ask.add_argument('--seconds', type=float, default=25, help='of processor time for each training')
    ask.add_argument('--rounds', type=int, default=1, help='over the folds, each with other seeds')
    args, start = ask.parse_args(), time.time()
    torch.set_num_threads(1); cv2.setNumThreads(1)
    if not (folder := find_dataset()): raise CaptchaError('captcha_images_v2 was not found: set CAPTCHA_OCR_DATA to its folder')
    @lru_cache(None)
    def samples_of(name): return sorted(good_samples(folder.parent/name, skip_bad=True, label_pattern=PATTERN.get(name))[0], key=lambda s: s.file.name)
    wanted = [o for o in experiments(args.seconds, args.rounds) if (folder.parent/o.data).is_dir()]
    in_time = takewhile(lambda _: time.time()-start < args.hours*3600, wanted)
    compare(in_time, ROOT/'nbs/tutorials/approaches.jsonl', samples_of, notify=lambda line: print(line, flush=True))

if __name__ == '__main__':
    try: main()
    except CaptchaError as e: sys.exit(str(e))
