"""Render the site into _docs without quarto.

    python scripts/docs.py

The published site is rendered by quarto (.github/workflows/deploy.yaml), which is no Python package. smalldocs is one: it
reads what quarto reads, the notebooks that nbdev has processed and nbs/_quarto.yml. Two things are made here as quarto
makes them, or so that the site can be read and tested where there is no network:

- the names of the pages: nbdev asks quarto to write 00_charset.ipynb to charset.html (`output-file`), smalldocs keeps the number;
- the links that nbdev makes of backticked names: they lead to the published site, here they are relative."""
import re, shutil, sys
from pathlib import Path

from nbdev.config import get_config
from nbdev.doclinks import _nbpath2html
from nbdev.serve import proc_nbs

from project import ROOT, notebooks, settings

TEXTS = {'.html', '.json', '.md', '.txt', '.xml'}
NO_OUTPUT_FILE = 'output-file is not read by smalldocs'    # see `rename`

def pages(root=ROOT):
    "The pages of the site as {name that smalldocs gives: name that quarto gives}, both without a suffix"
    rels = [o.relative_to(root/'nbs') for o in notebooks(root) if (root/'nbs') in o.parents]
    return {o.with_suffix('').as_posix(): _nbpath2html(o).with_suffix('').as_posix() for o in rels}

def rename(site, names):
    "Give the pages in `site` the `names` that quarto gives them, and mend all that mentions them"
    stems = {Path(k).name: Path(v).name for k,v in names.items()}
    page = re.compile(rf'\b({"|".join(stems)})\.(html|llms\.md)\b')
    for f in site.rglob('*'):
        if f.suffix not in TEXTS or 'site_libs' in f.parts: continue
        f.write_text(page.sub(lambda m: f'{stems[m[1]]}.{m[2]}', f.read_text(encoding='utf-8')), encoding='utf-8')
        if m := page.fullmatch(f.name): f.rename(f.with_name(f'{stems[m[1]]}.{m[2]}'))

def relink(site, address):
    "Make the links of the pages in `site` to its own `address` relative"
    for f in site.rglob('*.html'):
        up = '../' * (len(f.relative_to(site).parts)-1)
        f.write_text(f.read_text(encoding='utf-8').replace(f'<a href="{address}/', f'<a href="{up}'), encoding='utf-8')

def render(root=ROOT):
    "Render the site of the project in `root` into its _docs; returns what smalldocs warns of, as lines"
    from smalldocs.site import build
    proc, out = root/'_proc', root/'_docs'
    site = build(proc, quiet=True)
    cfg = settings(root)
    rename(site.out, pages(root))
    relink(site.out, cfg['doc_host'] + cfg['doc_baseurl'])
    if out.exists(): shutil.rmtree(out)
    shutil.move(site.out, out)
    return [o for o in site.warnings if not o.endswith(NO_OUTPUT_FILE)]

if __name__ == '__main__':
    proc_nbs(n_workers=0)
    warnings = render()
    print(*warnings, sep='\n', file=sys.stderr, end='\n' if warnings else '')
    print('wrote _docs: python -m http.server -d _docs, then open http://localhost:8000')
    sys.exit(bool(warnings))
