"""Write the cells that install the package into the tutorials and the Kaggle notebook, from kaggle/install.py.

    python scripts/install_cell.py            # write them; a notebook that has them already is left alone
    python scripts/install_cell.py --check    # name the notebooks whose cells differ

All of them run the same two cells: imports, then the installation. The release in settings.ini counts once
`released = True`; before that the cells hold no address, so they fetch nothing."""
import json, re, sys, textwrap

from project import ROOT, is_story, notebooks, settings

TEMPLATE, MISSING = ROOT/'kaggle'/'install.py', ROOT/'kaggle'/'missing.txt'
MARKER = '# Installs captcha_ocr where it is missing.'

def release(cfg):
    "The pinned address of the released wheel, or None before a release"
    if cfg['released'] != 'True': return None
    digest = cfg['release_sha256']
    if not re.fullmatch('[0-9a-f]{64}', digest): raise SystemExit('settings.ini: release_sha256 is not a SHA-256. Copy that of the released wheel.')
    return f"{cfg['release_url']}#sha256={digest}"

def missing():
    "The requirements in missing.txt"
    lines = MISSING.read_text(encoding='utf-8').splitlines()
    return [o for o in lines if o and not o.startswith('#')]

def fill(src, name, value):
    "`src` with `value` assigned to `name` at the start of a line; comments stay"
    new, n = re.subn(rf'^({name} = )(None|\'[^\']*\'|"""[^"]*""")', lambda m: m[1]+value, src, flags=re.M)
    assert n == 1, f'{name}: {n} assignments'
    return new

def cells(cfg=None):
    "The sources of the two cells: imports, installation"
    imports, code = TEMPLATE.read_text(encoding='utf-8').split('# %%\n')
    names = '\n'.join(textwrap.wrap(' '.join(missing()), 88, break_on_hyphens=False, initial_indent=' '*4, subsequent_indent=' '*4))
    where = release(cfg or settings())
    code = fill(code, 'MISSING', f'"""\n{names}\n"""')
    return imports.rstrip(), fill(code, 'RELEASE', repr(where)).rstrip()

def position(nb):
    "The index of the cell that installs"
    found = [i for i,c in enumerate(nb['cells']) if c['cell_type'] == 'code' and MARKER in ''.join(c['source'])]
    assert len(found) == 1, f'{len(found)} cells that install: 1 expected'
    return found[0]

def rewritten(file, sources):
    "The text of the notebook `file` with `sources` in the two cells; a tutorial's page hides them"
    nb = json.loads(file.read_text(encoding='utf-8'))
    i, hide = position(nb), '' if file.parent.name == 'kaggle' else '#| hide\n'
    for cell,src in zip(nb['cells'][i-1:i+1], sources): cell['source'] = (hide+src).splitlines(keepends=True)
    return json.dumps(nb, indent=1, ensure_ascii=False)+'\n'

def differing(files=None):
    "Texts by notebook, of those whose cells are not what kaggle/install.py makes them"
    sources = cells()
    texts = {o: rewritten(o, sources) for o in files or filter(is_story, notebooks())}
    return {o: text for o,text in texts.items() if json.loads(text) != json.loads(o.read_text(encoding='utf-8'))}

def main(check):
    found = differing()
    for o,text in found.items():
        print(f"{o.relative_to(ROOT)}: {'differs' if check else 'written'}")
        if not check: o.write_text(text, encoding='utf-8')
    if check and found: sys.exit('Run python scripts/install_cell.py.')

if __name__ == '__main__': main('--check' in sys.argv[1:])
