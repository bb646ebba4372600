"""Run the tutorials from top to bottom, without a network, and store what they show.

    make tutorials                                       # all of them: about half an hour on two cores
    python scripts/tutorials.py 06_trust_the_reader      # some of them, by name

They need captcha_images_v2: set CAPTCHA_OCR_DATA to its folder. A notebook is written when it ran to its end, with its
pictures in at most 64 colours; more than 300 KB of them in one notebook is an error."""
import base64, io, os, sys, time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbdev.clean import nbdev_clean
from PIL import Image

from project import ROOT

MAX_PICTURES = 300_000    # bytes in one notebook
OFFLINE = dict.fromkeys(('http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'), 'http://127.0.0.1:9')    # an address that nothing listens on

def small(png):
    "The PNG `png` in at most 64 colours, unless it is smaller as it is"
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert('RGB').quantize(64).save(out, 'PNG', optimize=True)
    return min(png, out.getvalue(), key=len)

def shrink(nb):
    "Make the pictures of `nb` small; returns their bytes"
    total = 0
    for data in (o['data'] for c in nb.cells for o in c.get('outputs', []) if 'image/png' in o.get('data', {})):
        png = small(base64.b64decode(data['image/png']))
        data['image/png'] = base64.b64encode(png).decode()
        total += len(png)
    return total

def drop_warnings(nb):
    "Leave out what cells of `nb` printed as warnings: they name folders of this machine"
    for c in nb.cells:
        if c.cell_type == 'code': c.outputs = [o for o in c.outputs if o.get('name') != 'stderr']

def run(path):
    "Execute the notebook and store it; returns what is wrong, or nothing"
    nb, start = nbformat.read(path, as_version=4), time.time()
    try: NotebookClient(nb, timeout=3600, kernel_name='python3', resources={'metadata': {'path': str(path.parent)}}).execute()
    except CellExecutionError as e: return str(e).strip().splitlines()[-1]
    drop_warnings(nb)
    pictures = shrink(nb)
    nbformat.write(nb, path)
    print(f'{time.time()-start:7.0f} s  {path.stem}: {pictures/1e3:.0f} KB of pictures', flush=True)
    if pictures > MAX_PICTURES: return f'{pictures/1e3:.0f} KB of pictures: {MAX_PICTURES/1e3:.0f} KB at most'

def main(*names):
    folder = ROOT/'nbs'/'tutorials'
    paths = [folder/f'{o}.ipynb' for o in names] or sorted(folder.glob('*.ipynb'))
    missing = [o.stem for o in paths if not o.is_file()]
    if missing: sys.exit(f'no such tutorial: {", ".join(missing)}')
    os.environ.update(OFFLINE, NO_ALBUMENTATIONS_UPDATE='1', OMP_NUM_THREADS='1')    # one thread: a training repeats
    failed = {o.stem: problem for o in paths if (problem := run(o))}
    nbdev_clean(str(folder))
    for o,problem in failed.items(): print(f'{o}: {problem}', file=sys.stderr)
    sys.exit(bool(failed))

if __name__ == '__main__': main(*sys.argv[1:])
