"""The table of the style benchmark: how much of foreign styles readers get right, without a label and with few.

    make bench-styles                                        # print the committed rows
    CAPTCHA_OCR_STYLES=DIR[:DIR...] make bench-styles        # measure what is missing, then print
    python scripts/bench_styles.py DIR ... --labels 0 --readers universal=model.onnx,ddddocr

A folder is a set if it has images and labels.csv; other folders contain sets. Add your own beside them. Rows are written
to nbs/tutorials/styles.jsonl as they are measured: stop it at any time, start it again, and start it several times at
once. Peers run in an environment of their own, .venv-peers, which is made when one of their rows is missing."""
import argparse, os, subprocess, sys
from pathlib import Path

from captcha_ocr.charset import CaptchaError
from captcha_ocr.lab.results import ResultFile, file_checksum
from captcha_ocr.lab.styles import PEERS, find_style_sets, style_tests, styles_table
from captcha_ocr.reading.model_file import DEFAULT_MODEL, find_model
from project import ROOT

ROWS = ROOT/'nbs/tutorials/styles.jsonl'
PEERS_VENV = ROOT/'.venv-peers'

def numbers(text): return [int(o) for o in text.split(',') if o]

def parse(args=None):
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument('roots', nargs='*', help='folders of style sets; default: those that CAPTCHA_OCR_STYLES names')
    ask.add_argument('--labels', type=numbers, default=[0,25,100], help='numbers of labels to train on; 0: read without training')
    ask.add_argument('--seeds', type=numbers, default=[0,1,2], help='random seeds of the trainings')
    ask.add_argument('--readers', default=','.join([DEFAULT_MODEL, *PEERS]),
                     help='readers without labels: NAME=FILE, a model of the package, or one of ' + ', '.join(PEERS))
    ask.add_argument('--label-pattern', help='regular expression with one group, for sets with labels in the file names')
    ask.add_argument('--again', action='store_true', help='measure rows that exist, too; the last row counts')
    ask.add_argument('--out', type=Path, default=ROWS, help='file of the rows')
    return ask.parse_args(args)

def model_files(readers):
    "The model file of each of `readers`, None for a peer"
    pairs = [o.partition('=') for o in readers.split(',') if o]
    return {name: Path(file) if file else None if name in PEERS else find_model(name) for name,_,file in pairs}

def peers_python():
    "The interpreter of the peers' environment, which is made if there is none"
    python = PEERS_VENV/('Scripts/python.exe' if os.name == 'nt' else 'bin/python')
    if python.exists(): return python
    print(f'installing the peers into {PEERS_VENV.name}', flush=True)
    subprocess.run([sys.executable, '-m', 'venv', PEERS_VENV], check=True)
    subprocess.run([python, '-m', 'pip', 'install', '-qq', *sorted(set(PEERS.values()))], check=True)
    return python

def wanted(args, files, names):
    "All rows that the arguments ask for"
    models, trained, few = {}, None, [n for n in args.labels if n]
    if 0 in args.labels: models = {k: PEERS[k] if k in PEERS else file_checksum(f) for k,f in files.items()}
    if few:
        from captcha_ocr.lab.measure_styles import training_checksum
        trained = training_checksum()
    return style_tests(names, models, trained, labels=few, seeds=args.seeds)

def measure(args, roots):
    "Measure the rows of `roots` that are missing"
    styles, files = find_style_sets(roots, args.label_pattern), model_files(args.readers)
    if not styles: raise CaptchaError(f'{roots[0]}: no style set. Give folders with images and labels.csv.')
    tests, rows = wanted(args, files, [s.name for s in styles]), ResultFile(args.out)
    missing = [o for o in tests if args.again or o not in rows]
    print(f'{len(styles)} sets, {len(tests)} rows, {len(missing)} to measure', flush=True)
    if not missing: return
    from captcha_ocr.lab.measure_styles import measure_styles
    python = peers_python() if any(o.reader in PEERS for o in missing) else None
    measure_styles(missing, styles, args.out, files, python=python, again=args.again, notify=lambda o: print(o, flush=True))

def main():
    args = parse()
    roots = args.roots or [o for o in os.environ.get('CAPTCHA_OCR_STYLES', '').split(os.pathsep) if o]
    if roots: measure(args, roots)
    rows = list(ResultFile(args.out))
    print(f'\nRight ignoring case, in percent [95% interval] of images\n\n{styles_table(rows)}')
    print(f'\nExact match\n\n{styles_table(rows, "exact")}\n\n* milliseconds of a busy machine')

if __name__ == '__main__':
    try: main()
    except CaptchaError as e: sys.exit(str(e))
