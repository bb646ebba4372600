"""Run the Kaggle notebook as Kaggle runs it: from top to bottom, without a network, the data read-only in /kaggle/input.

    python scripts/kaggle_test.py                       # quick, in both layouts of the data: `make test` does this
    python scripts/kaggle_test.py --full                # in full too: `make kaggle-test`
    python scripts/kaggle_test.py --full --store        # and the notebook keeps what the full run showed
    python scripts/kaggle_test.py --wheels build/kaggle/wheels # the notebook installs the package from this data set

Each run has its own mounts and network (Linux namespaces), so /kaggle does not appear outside. Where namespaces are
forbidden the notebook runs without them, and a line says what that leaves untested. The images are those of
CAPTCHA_OCR_DATA, or else synthetic ones. What a run wrote is then read by other means, and every problem is a line."""
import argparse, csv, fcntl, json, os, shutil, socket, struct, subprocess, sys, tempfile, time
from pathlib import Path

import nbformat

from project import ROOT

NOTEBOOK = ROOT/'kaggle'/'captcha_ocr_solution.ipynb'
LAYOUTS = 'datasets/fournierp/captcha-version-2-images/samples/samples', 'captcha-version-2-images/samples'
WROTE = 'model.safetensors', 'model.onnx', 'submission.csv', 'predictions.csv', 'audit.csv', 'report.json', 'report.html'
UNSHARE = ['unshare', '--mount', '--net', *([] if os.getuid() == 0 else ['--user', '--map-root-user'])]
MAX_PICTURES = 650_000    # bytes in the notebook: they are twice the size of the tutorials' pictures
OURS = 'CAPTCHA_OCR_DATA', 'MPLBACKEND', 'XDG_CACHE_HOME'    # variables that must not help

# In the namespace

def mount(*args): subprocess.run(['mount', *map(str, args)], check=True)

def build_root(root, data, layout, work, wheels):
    "Make `root` look like this machine with /kaggle in it"
    mount('-t', 'tmpfs', 'root', root)
    for o in Path('/').iterdir():
        there = root/o.name
        if o.is_symlink(): there.symlink_to(o.readlink())
        elif o.is_dir() and o.name != 'kaggle': there.mkdir(); mount('--rbind', o, there)
    given, working = root/'kaggle'/'input', root/'kaggle'/'working'
    for o in (given, working): o.mkdir(parents=True)
    mount('-t', 'tmpfs', 'input', given)
    shutil.copytree(data, given/layout)
    if wheels: shutil.copytree(wheels, given/'captcha-ocr-wheels')
    mount('-o', 'remount,bind,ro', given)
    mount('--bind', work, working)

def raise_loopback():
    "A new network has nothing, and the kernel is spoken to over 127.0.0.1"
    with socket.socket() as s: fcntl.ioctl(s, 0x8914, struct.pack('16sh', b'lo', 1))    # SIOCSIFFLAGS, IFF_UP

def inside(root, data, layout, work, wheels, cmd):
    "Replace this process by `cmd` in the world that Kaggle would give it"
    build_root(Path(root), data, layout, work, wheels)
    raise_loopback()
    os.chroot(root); os.chdir('/kaggle/working')
    os.execvpe(cmd[0], cmd, {**os.environ, 'KAGGLE_KERNEL_RUN_TYPE': 'Batch'})

# Outside

def forbidden():
    "Why there are no namespaces here, or None"
    try: res = subprocess.run([*UNSHARE, 'mount', '-t', 'tmpfs', 'test', '/mnt'], capture_output=True, text=True)
    except OSError as e: return str(e)
    return (res.stderr.strip() or f'exit status {res.returncode}') if res.returncode else None

def versions(): # of all packages, by name
    found = subprocess.run([sys.executable, '-m', 'pip', 'list', '--format', 'json'], check=True, capture_output=True, text=True)
    return {o['name']: o['version'] for o in json.loads(found.stdout)}

def execute(data, layout, quick, wheels, tmp, alone):
    "Run the notebook; returns papermill's output if it failed, and the folder that it wrote into"
    root, work, cache = (tmp/o for o in ('root', 'work', 'cache'))
    for o in (root, work, cache): o.mkdir()
    env = {**{k: v for k,v in os.environ.items() if k not in OURS}, 'XDG_CACHE_HOME': str(cache), 'NO_ALBUMENTATIONS_UPDATE': '1'}
    cmd = [sys.executable, '-m', 'papermill', '--no-progress-bar', '-p', 'quick', str(quick), str(NOTEBOOK), str(tmp/'ran.ipynb')]
    if alone: cmd = [*UNSHARE, sys.executable, __file__, '--inside', json.dumps([str(root), str(data), layout, str(work), wheels and str(wheels), cmd])]
    else: env |= dict(CAPTCHA_OCR_DATA=str(data), HTTP_PROXY='http://127.0.0.1:9', HTTPS_PROXY='http://127.0.0.1:9')
    res = subprocess.run(cmd, cwd=work, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    return res.stdout.splitlines()[-40:] if res.returncode else [], work if alone else work/'runs'/'solution'

def bad_notebook(path):
    "What is wrong with the executed notebook, as lines"
    try: nbformat.validate(json.loads(path.read_text(encoding='utf-8')))
    except nbformat.ValidationError as e: return [f'not a valid notebook: {e.message}']
    nb = nbformat.read(path, as_version=4)
    code = [c for c in nb.cells if c.cell_type == 'code']
    found = [f'cell {i} was not run' for i,c in enumerate(nb.cells) if c.cell_type == 'code' and c.execution_count is None]
    found += [f'an error in the output: {o.ename}' for c in code for o in c.outputs if o.output_type == 'error']
    if not any('injected-parameters' in c.metadata.get('tags', []) for c in code): found.append('no cell with the tag parameters: `quick` had no effect')
    return found

def rows(file):
    with open(file, newline='', encoding='utf-8') as f: return list(csv.DictReader(f))

def bad_output(out, data):
    "What is wrong with the files in `out`, as lines: the model must read what the CSV says"
    if missing := [o for o in WROTE if not (out/o).is_file()]: return [f'not written: {", ".join(missing)}']
    read = {o['filename']: o['text'] for o in rows(out/'submission.csv')}
    res = subprocess.run([sys.executable, '-c', 'from captcha_ocr.cli import main; main()', 'read', *(str(data/o) for o in read), '--model', str(out/'model.onnx'), '--json'], capture_output=True, text=True)
    again = {Path(o['file']).name: o['text'] for o in map(json.loads, res.stdout.splitlines())}
    report, predictions = json.loads((out/'report.json').read_text(encoding='utf-8')), rows(out/'predictions.csv')
    right = sum(o['text'] == o['label'] for o in predictions)
    return ([] if again == read else [f'submission.csv is not what model.onnx reads {res.stderr}']) + (
            [] if right == round(report['exact_match']*report['n_valid']) and len(predictions) == report['n_valid'] else ['report.json and predictions.csv differ']) + (
            [] if right > len(predictions)/2 else [f'only {right} of {len(predictions)} read right']) + (
            [f'left behind: {o.name}' for o in out.iterdir() if o.name not in WROTE])

def store(ran):
    "Keep the outputs of the executed notebook `ran` in the one of the repository, their pictures made small"
    import tutorials
    from nbdev.clean import nbdev_clean
    nb, shown = nbformat.read(NOTEBOOK, as_version=4), {c.id: c.outputs for c in nbformat.read(ran, as_version=4).cells if c.cell_type == 'code'}
    for c in nb.cells:
        if c.cell_type == 'code': c.outputs = shown[c.id]
    tutorials.drop_warnings(nb)
    pictures = tutorials.shrink(nb)
    nbformat.write(nb, NOTEBOOK)
    nbdev_clean(str(NOTEBOOK))
    return [f'{pictures/1e3:.0f} KB of pictures: {MAX_PICTURES/1e3:.0f} KB at most'] if pictures > MAX_PICTURES else []

def run(data, layout, quick, wheels, alone, keep=False):
    "Run the notebook once and print a line; returns its problems"
    start, before = time.time(), versions() if wheels else {}
    with tempfile.TemporaryDirectory() as d:
        failed, out = execute(data, layout, quick, wheels, Path(d), alone)
        found = failed or bad_notebook(Path(d)/'ran.ipynb') + bad_output(out, data)
        if keep and not found: found = store(Path(d)/'ran.ipynb')
    now = versions() if wheels else {}
    found += [f'the install moved {k} from {v} to {now.get(k)}' for k,v in before.items() if now.get(k) != v]
    print(f"{'FAILED' if found else 'ok':<7}{time.time()-start:7.1f} s  {'quick' if quick else 'full'} run, {layout if alone else 'no namespace'}", flush=True)
    return found

def the_images(tmp):
    "A folder of images: real ones if there are any at hand"
    if given := os.environ.get('CAPTCHA_OCR_DATA'): return Path(given)
    generate = f'from captcha_ocr.synth.styles import save_captchas; save_captchas("kaptcha", 300, {str(tmp/"synthetic")!r}, seed=0)'
    subprocess.run([sys.executable, '-c', generate], check=True, cwd=ROOT)    # from the checkout, for it may not be installed yet
    return tmp/'synthetic'

def main(full, wheels, keep):
    if wheels and 'captcha-ocr-fastai' in versions(): return ['the package is installed already: --wheels needs an environment without it']
    alone, found = not (why := forbidden()), []
    if why: print(f'no namespaces here ({why}): that the data are found in /kaggle/input and that no network is needed is not tested')
    with tempfile.TemporaryDirectory() as d:
        data = the_images(Path(d))
        runs = [(o, True) for o in LAYOUTS[:2 if alone else 1]] + [(LAYOUTS[0], False)]*full
        for i,(layout,quick) in enumerate(runs): found += run(data, layout, quick, wheels if i == 0 else None, alone, keep and not quick)
    return found

if __name__ == '__main__':
    if sys.argv[1:2] == ['--inside']: inside(*json.loads(sys.argv[2]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--full', action='store_true', help='run it in full too')
    parser.add_argument('--store', action='store_true', dest='keep', help="keep the full run's outputs in the notebook")
    parser.add_argument('--wheels', type=lambda o: Path(o).resolve(), help='the folder that `make kaggle-wheels` made')
    found = main(**vars(parser.parse_args()))
    for o in found: print(f'    {o}')
    sys.exit(bool(found))
