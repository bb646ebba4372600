"Where things are in the project, shared by the scripts here. It needs nothing but Python."
import subprocess
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STORIES = {'tutorials', 'kaggle'}    # folders of notebooks that store a real run's outputs and are not run by the quick tests

def settings(root=ROOT):
    "The settings of settings.ini"
    cfg = ConfigParser(delimiters=['='])
    assert cfg.read(root/'settings.ini', encoding='utf-8'), f'no settings.ini in {root}'
    return cfg['DEFAULT']

def is_story(nb): return bool(STORIES & set(nb.parts))

def _is_hidden(rel): return any(o.startswith(('.', '_')) for o in rel.parts)

def notebooks(root=ROOT, stories=True):
    "All notebooks of the project in order; without the `stories`, those of the library alone"
    found = [*(root/'nbs').rglob('*.ipynb'), *(root/'kaggle').rglob('*.ipynb')]
    rels = sorted(o.relative_to(root) for o in found)
    return [root/o for o in rels if not _is_hidden(o) and (stories or not is_story(o))]

def tracked(root=ROOT):
    "The files that are in git or would be added by `git add .`; without git, all but hidden folders"
    cmd = ['git', '-C', str(root), 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
    try: names = subprocess.run(cmd, check=True, capture_output=True, text=True).stdout.split('\0')
    except (OSError, subprocess.CalledProcessError): names = _walk(root)
    return sorted(root/o for o in set(names) if o and (root/o).is_file())

def _walk(root):
    rels = [o.relative_to(root) for o in root.rglob('*')]
    return [str(o) for o in rels if not (_is_hidden(o) or o.parts[0] in ('demo', 'build', 'dist'))]
