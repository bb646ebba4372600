"""Push the notebook to Kaggle together with the data set that it installs from; Kaggle then runs it, without internet.

    make kaggle-push OWNER=your-kaggle-name              # after `kaggle auth login`
    make kaggle-push OWNER=your-kaggle-name DRY_RUN=1    # build both folders in build/kaggle and print the commands

The notebook's copy knows the SHA-256 of the data set's SHA256SUMS, so it installs these wheels and no others."""
import argparse, hashlib, json, re, shutil, subprocess, sys, time
from pathlib import Path

import install_cell, kaggle_wheels
from project import ROOT, settings

BUILD = kaggle_wheels.WHEELS.parent
SOURCE = ROOT/'kaggle'
KAGGLE = Path(sys.executable).with_name('kaggle')
READY_TIMEOUT = 600    # seconds

def kernel_metadata(owner):
    "kernel-metadata.json for `owner`, with the data set of wheels attached"
    meta = json.loads((SOURCE/'kernel-metadata.json').read_text(encoding='utf-8'))
    return {**meta, 'id': f"{owner}/{meta['id'].split('/')[1]}", 'dataset_sources': [*meta['dataset_sources'], f'{owner}/{kaggle_wheels.SLUG}']}

def with_digest(nb, sums):
    "The notebook `nb` with the SHA-256 of the file `sums` in its install cell, which Kaggle folds"
    cell = nb['cells'][install_cell.position(nb)]
    digest = hashlib.sha256(sums.read_bytes()).hexdigest()
    src = install_cell.fill(''.join(cell['source']), 'SUMS_DIGEST', repr(digest))
    cell['source'], cell['metadata']['_kg_hide-input'] = src.splitlines(keepends=True), True
    return nb

def build_notebook(owner, wheels, folder):
    "Make the folder that `kaggle kernels push` takes"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    meta = kernel_metadata(owner)
    nb = json.loads((SOURCE/meta['code_file']).read_text(encoding='utf-8'))
    for file,value in ((meta['code_file'], with_digest(nb, wheels/'SHA256SUMS')), ('kernel-metadata.json', meta)):
        (folder/file).write_text(json.dumps(value, indent=1, ensure_ascii=False)+'\n', encoding='utf-8')

def commands(owner, wheels, notebook, exists):
    "The kaggle commands in order: the data set, its state, the notebook"
    new = ['version', '-p', str(wheels), '-m', f"captcha_ocr {settings()['version']}"] if exists else ['create', '-p', str(wheels)]
    return ['datasets', *new], status_command(owner), ['kernels', 'push', '-p', str(notebook)]

def status_command(owner): return ['datasets', 'status', f'{owner}/{kaggle_wheels.SLUG}']

def status(owner):
    "The state of the owner's data set, or None if there is none"
    res = subprocess.run([KAGGLE, *status_command(owner)], capture_output=True, text=True)
    return None if res.returncode else res.stdout.strip().splitlines()[-1]

def wait_until_ready(owner):
    "Wait until Kaggle has unpacked the data set: a notebook attaches the newest version that is ready"
    deadline = time.monotonic()+READY_TIMEOUT
    while status(owner) != 'ready':
        if time.monotonic() > deadline: sys.exit(f'{owner}/{kaggle_wheels.SLUG} is not ready after {READY_TIMEOUT} s. Run make kaggle-push again later.')
        time.sleep(10)

def push(owner, wheels, notebook):
    dataset, _, kernel = commands(owner, wheels, notebook, exists=status(owner) is not None)
    subprocess.run([KAGGLE, *dataset], check=True)
    wait_until_ready(owner)
    subprocess.run([KAGGLE, *kernel], check=True)

def main(owner, dry_run, folder=BUILD):
    if not re.fullmatch(r'[A-Za-z0-9][\w-]+', owner): sys.exit(f"'{owner}' is no Kaggle user name. It is the last part of the address of your profile.")
    wheels, notebook = folder/'wheels', folder/'notebook'
    kaggle_wheels.build(owner, wheels)
    build_notebook(owner, wheels, notebook)
    if not dry_run: return push(owner, wheels, notebook)
    print(f'not pushed; if {owner} has no data set {kaggle_wheels.SLUG} yet, the first command is `kaggle {" ".join(commands(owner, wheels, notebook, False)[0])}`')
    for o in commands(owner, wheels, notebook, True): print('kaggle', *o)

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('owner', help='your user name on Kaggle')
    parser.add_argument('--dry-run', action='store_true', help='build the folders and print the commands')
    main(**vars(parser.parse_args()))
