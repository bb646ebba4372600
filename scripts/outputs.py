"""Run the library's notebooks anew and compare what they show with what they store.

    make outputs                                  # all of them
    python scripts/outputs.py 00_charset 20_synth # some of them, by the beginning of their names

Texts must be equal. A number with decimals may differ by `RELATIVE` or by one in its last digit; whole numbers must be
equal. Durations, memory addresses and temporary folders are left out, and so are cells with the flag `#| varies`, which
show what depends on the machine. Pictures are not compared. Prints `file:cell: problem`, and exits 1 if there is any."""
import os, re, sys, time
from html import unescape
from itertools import zip_longest
from math import isclose

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from project import ROOT, notebooks, settings
from style import Cell

RELATIVE = .01
NUMBER = re.compile(r'(?<![\w.])[-+−]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?')
UNITS = r'(?:ns|µs|us|ms|s|sec|seconds?|min|minutes?|hours?|images? a second|images/s|/s|a second|MB/s)'
VARIES = [re.compile(o) for o in (
    rf'\d[\d,.]*(?:e[-+]?\d+)?(?: (?:to|±) \d[\d,.]*)? ?{UNITS}\b',    # durations and rates
    r'0x[0-9a-fA-F]+',                           # addresses
    r'(?:/private)?/(?:tmp|var)/[\w./-]+|[A-Z]:\\[\w\\.~-]+',    # temporary folders
    r'\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?',    # dates
    r'\b\d?\d:\d\d(?::\d\d)?\b')]                # clock times

def plain(html):
    "The text of `html`, without styles and tags"
    text = re.sub(r'<(style|script)\b.*?</\1>', ' ', html, flags=re.S)
    return unescape(re.sub(r'<[^>]+>', ' ', text))

def shown(outputs):
    "The text of a cell's `outputs`; that of HTML where the plain text is just the name of a class"
    found = []
    for o in outputs:
        if o.output_type == 'stream': found.append(o.text if o.name == 'stdout' else '')
        elif o.output_type == 'error': found.append(f'{o.ename}: {o.evalue}')
        else:
            text, html = o.data.get('text/plain', ''), o.data.get('text/html', '')
            named = re.fullmatch(r'<[\w.]+(?: .*)?>', text.strip(), re.S)
            if not named: found.append(text)
            elif html: found.append(plain(html))
    return '\n'.join(found)

def normal(text):
    "`text` with single spaces, and with `…` for what varies from run to run"
    for o in VARIES: text = o.sub('…', text)
    return ' '.join(text.split())

def same_number(a, b):
    "Are two printed numbers equal as far as their digits go?"
    if a == b: return True
    if '.' not in a+b and 'e' not in a+b: return False
    x, y = (float(o.replace(',', '').replace('−', '-')) for o in (a, b))
    last = 10.**-max(len(o.partition('e')[0].partition('.')[2]) for o in (a, b))
    return isclose(x, y, rel_tol=RELATIVE, abs_tol=1.01*last if 'e' not in a+b else 0)

def difference(stored, fresh):
    "The first difference between two texts, or None"
    stored, fresh = normal(stored), normal(fresh)
    if stored == fresh: return None
    pairs = zip_longest(NUMBER.split(stored), NUMBER.split(fresh))
    if any(a != b for a,b in pairs): return _first(stored, fresh)
    for a,b in zip(NUMBER.finditer(stored), NUMBER.finditer(fresh)):
        if not same_number(a[0], b[0]): return f'{_around(stored, a.start())} is now {_around(fresh, b.start())}'

def _around(text, i): return repr(text[max(0, i-30):i+30])

def _first(a, b):
    i = len(os.path.commonprefix([a, b]))
    return f'{_around(a, i)} is now {_around(b, i)}'

def compared(cell):
    "Does `cell` run, and show the same on every machine?"
    return cell.runs and 'varies' not in cell.dirs and 'default_exp' not in cell.dirs

def check(path, flags):
    "Run the notebook; yields (index of the cell, problem)"
    nb = nbformat.read(path, as_version=4)
    client = NotebookClient(nb, timeout=600, kernel_name='python3', resources={'metadata': {'path': str(path.parent)}})
    with client.setup_kernel():
        for i,c in enumerate(nb.cells):
            if c.cell_type != 'code' or not c.source.strip(): continue
            cell, stored = Cell(i, c, flags), shown(c.outputs)
            if not cell.runs: continue
            try: client.execute_cell(c, i)
            except CellExecutionError as e:
                yield i, str(e).strip().splitlines()[-1]
                return
            if compared(cell) and (problem := difference(stored, shown(c.outputs))): yield i, problem

def main(*starts):
    os.environ.update(NO_ALBUMENTATIONS_UPDATE='1', OMP_NUM_THREADS='1')
    os.environ.pop('CAPTCHA_OCR_DATA', None)
    flags = settings()['tst_flags'].split()
    paths = [o for o in notebooks(stories=False) if not starts or o.name.startswith(starts)]
    if not paths: sys.exit(f'no notebook begins with {" or ".join(starts)}')
    failed = 0
    for path in paths:
        start = time.time()
        found = list(check(path, flags))
        for i,problem in found: print(f'{path.relative_to(ROOT)}:{i}: {problem}', flush=True)
        print(f"{'differs' if found else 'same':<8}{time.time()-start:6.1f} s  {path.stem}", flush=True)
        failed += bool(found)
    print(f'{len(paths)-failed} notebooks show what they store, {failed} differ')
    sys.exit(bool(failed))

if __name__ == '__main__': main(*sys.argv[1:])
