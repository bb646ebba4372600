"""Make a data set for Kaggle of the wheels that its image lacks, so that the notebook installs without internet.

    make kaggle-wheels OWNER=your-kaggle-name                  # wheels and dataset-metadata.json in build/wheels
    kaggle datasets create -p build/wheels                     # once; later: kaggle datasets version -p build/wheels -m new

Then attach the data set to the notebook and switch its internet off: the install cell takes the wheels that it finds."""
import json, re, shutil, subprocess, sys

from project import ROOT, settings

WHEELS, LIST = ROOT/'build'/'wheels', ROOT/'kaggle'/'missing.txt'
TARGET = ['--python-version', '3.12', *(o for n in ('_2_28', '_2_27', '2014') for o in ('--platform', f'manylinux{n}_x86_64'))]

def _name(requirement): return re.match(r'[\w.-]+', requirement)[0].lower()

def named(file):
    "The packages that the requirements file `file` names"
    return {_name(o) for o in file.read_text(encoding='utf-8').splitlines() if o and not o.startswith('#')}

def missing():
    "The names of what the package needs, to train as well, and the image has not"
    cfg = settings()
    return {_name(o) for k in ('requirements', 'train_requirements') for o in cfg[k].split()} - named(ROOT/'kaggle'/'constraints.txt')

def main(owner='captcha-ocr'):
    shutil.rmtree(WHEELS, ignore_errors=True)
    pip = [sys.executable, '-m', 'pip', '-q']
    subprocess.run([*pip, 'wheel', '--no-deps', '-w', WHEELS, ROOT], check=True)
    subprocess.run([*pip, 'download', '--no-deps', '--only-binary=:all:', *TARGET, '-d', WHEELS, *sorted(missing())], check=True)
    shutil.copy(LIST, WHEELS)
    facts = dict(title='captcha_ocr wheels', id=f'{owner}/captcha-ocr-wheels', licenses=[dict(name='apache-2.0')])
    (WHEELS/'dataset-metadata.json').write_text(json.dumps(facts, indent=2))
    print(f'{len(list(WHEELS.glob("*.whl")))} wheels in {WHEELS.relative_to(ROOT)}')

if __name__ == '__main__': main(*sys.argv[1:])
