"""Build the data set that the Kaggle notebook installs from: wheels of the package and of what Kaggle's image lacks.

    make kaggle-wheels OWNER=your-kaggle-name    # in build/kaggle/wheels, with SHA256SUMS and dataset-metadata.json

`make kaggle-push` builds it too, and pushes it together with the notebook. Wheels with compiled parts come for the
Python of Kaggle and that of Colab, on which Kaggle builds its image."""
import hashlib, json, re, shutil, subprocess, sys, tempfile
from pathlib import Path

import install_cell
from project import ROOT, settings, tracked

WHEELS = ROOT/'build'/'kaggle'/'wheels'
SLUG = 'captcha-ocr-wheels'
IMAGES = {'kaggle': ('3.12', ROOT/'kaggle'/'constraints.txt'), 'colab': ('3.13', ROOT/'kaggle'/'constraints-colab.txt')}    # Python and versions
SOURCES = 'settings.ini', 'setup.py', 'pyproject.toml', 'MANIFEST.in', 'README.md', 'LICENSE'
COMPILED = 'onnx', 'onnxruntime', 'rapidfuzz'
PLATFORMS = [a for n in ('_2_28', '_2_27', '2014') for a in ('--platform', f'manylinux{n}_x86_64')]
PIP = [sys.executable, '-m', 'pip', '-q', '--disable-pip-version-check']

def name(requirement): return re.match(r'[\w.-]+', requirement)[0].lower().replace('_', '-')

def named(file):
    "The packages that the requirements file `file` names"
    return {name(o) for o in file.read_text(encoding='utf-8').splitlines() if o and not o.startswith('#')}

def missing(image):
    "The names of what the package needs, to train as well, and `image` has not"
    cfg = settings()
    return {name(o) for k in ('requirements', 'train_requirements') for o in cfg[k].split()} - named(IMAGES[image][1])

def package_wheel(folder):
    "Build the wheel of the package into `folder`, from a copy of the project's files: old builds would end up in it"
    with tempfile.TemporaryDirectory() as d:
        for o in tracked():
            if o.relative_to(ROOT).parts[0] in ('captcha_ocr', *SOURCES): _copy(o, Path(d)/o.relative_to(ROOT))
        subprocess.run([*PIP, 'wheel', '--no-deps', '-w', folder, d], check=True)

def _copy(file, to):
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, to)

def missing_wheels(folder):
    "The wheels of missing.txt in `folder`: those of `COMPILED` for the Python of each image, the others built where there is no wheel"
    compiled = [o for o in install_cell.missing() if name(o) in COMPILED]
    for python,_ in IMAGES.values():
        cmd = [*PIP, 'download', '--no-deps', '--only-binary=:all:', '--python-version', python, *PLATFORMS, '-d', folder]
        subprocess.run([*cmd, *compiled], check=True)
    subprocess.run([*PIP, 'wheel', '--no-deps', '-w', folder, *(o for o in install_cell.missing() if o not in compiled)], check=True)

def unfit(folder):
    "Wheels in `folder` that only this machine's Python and system can install"
    compiled = tuple(o.replace('-', '_') for o in COMPILED)
    return sorted(o.name for o in folder.glob('*.whl') if not o.name.endswith('-none-any.whl') and not o.name.startswith(compiled))

def write_sums(folder):
    "Write SHA256SUMS of the wheels in `folder`, as sha256sum does"
    wheels = sorted(folder.glob('*.whl'))
    lines = [f'{hashlib.sha256(o.read_bytes()).hexdigest()}  {o.name}\n' for o in wheels]
    (folder/'SHA256SUMS').write_text(''.join(lines), encoding='utf-8')

def write_metadata(folder, owner):
    "Write what the kaggle command needs to know about the data set"
    facts = dict(title='captcha_ocr wheels', id=f'{owner}/{SLUG}', licenses=[dict(name='apache-2.0')])
    (folder/'dataset-metadata.json').write_text(json.dumps(facts, indent=2)+'\n', encoding='utf-8')

def build(owner, folder=WHEELS):
    "Make the data set of `owner` anew in `folder`"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    package_wheel(folder)
    missing_wheels(folder)
    if found := unfit(folder): sys.exit(f'not for every Python: {", ".join(found)}. Add the names to COMPILED in {Path(__file__).name}.')
    write_sums(folder)
    write_metadata(folder, owner)
    wheels = list(folder.glob('*.whl'))
    print(f'{len(wheels)} wheels, {sum(o.stat().st_size for o in wheels)/1e6:.0f} MB, in {folder}')

if __name__ == '__main__': build(sys.argv[1] if len(sys.argv) > 1 else 'captcha-ocr')
