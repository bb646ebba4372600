"""Render the site into _docs, and check what can be checked without a browser.

    python scripts/docs.py             # with smalldocs; prints `page: problem`, one a line, and exits 1 if there is any
    python scripts/docs.py quarto      # with quarto, as .github/workflows/deploy.yaml does
    python scripts/docs.py process     # only what nbdev does, where there is no smalldocs (it needs Python 3.11)

quarto is no Python package; smalldocs is one, and reads what quarto reads: the notebooks that nbdev has processed and
nbs/_quarto.yml. nbdev's processors differ here in two ways, for both of them:

- the page of a module shows its public constants, and the fields of its named tuples and data classes, as they are written;
- links from backticked names are made in prose only: nbdev makes them in the code of a signature too.

After smalldocs, two things are made as quarto makes them, or so that the site can be read and tested without a network:

- the names of the pages: nbdev asks quarto to write 00_charset.ipynb to charset.html (`output-file`), smalldocs keeps the number;
- the links that nbdev makes of backticked names: they lead to the published site, here they are relative.

What is checked is listed in `RULES`; tests/test_site.py walks the site in a browser for the rest (`make docs-test`)."""
import ast, posixpath, re, shutil, subprocess, sys, tokenize
from functools import cached_property
from io import StringIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbdev.serve
from bs4 import BeautifulSoup
from execnb.nbio import mk_cell
from nbdev.doclinks import NbdevLookup, _nbpath2html
from nbdev.process import Processor
from nbdev.processors import FilterDefaults, add_links, rm_export

from project import ROOT, notebooks, settings

# What nbdev makes of a notebook

def is_data(node):
    "Is `node` a class of fields: a named tuple or a data class?"
    return isinstance(node, ast.ClassDef) and any(isinstance(o, ast.AnnAssign) for o in node.body)

def constants(body):
    "Those of the statements `body` that give a value to a public name"
    return [o for o in body if isinstance(o, ast.Assign) and all(isinstance(n, (ast.Name, ast.Tuple, ast.Starred)) for n in o.targets)
            and any(not n.id.startswith('_') for n in ast.walk(ast.Tuple(o.targets)) if isinstance(n, ast.Name))]

def fence(lines): return '```python\n' + '\n'.join(lines) + '\n```'

class show_data(Processor):
    "Show the constants and fields of exported cells as they are written, which `show_doc` does not"
    def begin(self):
        docs = {m[1]: o for o in self.nb.cells if o.cell_type=='code' and (m := re.search(r'^show_doc\((\w+)\)', o.source, re.M))}
        for cell in [o for o in self.nb.cells if o.cell_type=='code' and {'export', 'exports'} & o.directives_.keys()]:
            body, lines = ast.parse(cell.source).body, cell.source.splitlines()
            if found := constants(body):
                self.nb.cells.insert(self.nb.cells.index(cell), mk_cell(fence([l for o in found for l in lines[o.lineno-1:o.end_lineno]]), 'markdown'))
            for o in filter(is_data, body):
                fields = [l for f in o.body if isinstance(f, ast.AnnAssign) for l in lines[f.lineno-1:f.end_lineno]]
                for out in docs[o.name].outputs if o.name in docs else (): self.retell(out, [f'class {o.name}:', *fields])

    def retell(self, out, lines):
        "Replace the signature in the output `out` of a `show_doc`"
        md = ''.join(out['data']['text/markdown'])
        out['data']['text/markdown'] = re.sub(r'```python.*?```', lambda m: fence(lines), md, count=1, flags=re.S)

class PublicNames(NbdevLookup):
    "nbdev's links from names to pages, for names that are on the pages"
    def doc(self, sym): return None if sym.split('.')[-1].startswith('_') else super().doc(sym)

def link_prose(cell):
    "nbdev's `add_links`, for prose alone; and `__repr__` stays itself in a heading"
    look = PublicNames()
    if cell.cell_type == 'markdown': cell.source = look.linkify(cell.source)
    for o in cell.get('outputs', []):
        md = o.get('data', {}).get('text/markdown')
        if md: o['data']['text/markdown'] = re.sub(r'(?m)^(#+ .*\.)__(\w+)__$', r'\1\_\_\2\_\_', look.linkify(''.join(md)))

class SiteProcs(FilterDefaults):
    def base_procs(self):
        for o in super().base_procs():
            if o is rm_export: yield show_data
            yield link_prose if o is add_links else o

def process():
    "Process the notebooks into _proc, as nbdev does for its docs"
    nbdev.serve.FilterDefaults = SiteProcs
    nbdev.serve.proc_nbs(n_workers=0, force=True)

# What smalldocs makes of it

TEXTS = {'.html', '.json', '.md', '.txt', '.xml'}
NO_OUTPUT_FILE = 'output-file is not read by smalldocs'    # see `rename`

def pages(root=ROOT):
    "The pages of the site as {name that smalldocs gives: name that quarto gives}, both without a suffix"
    rels = [o.relative_to(root/'nbs') for o in notebooks(root) if (root/'nbs') in o.parents]
    return {o.as_posix().removesuffix('.ipynb'): _nbpath2html(o).as_posix().removesuffix('.html') for o in rels}

def rename(site, names):
    "Give the pages in `site` the `names` that quarto gives them, and fix all links to them"
    stems = {Path(k).name: Path(v).name for k,v in names.items()}
    page = re.compile(rf'\b({"|".join(map(re.escape, stems))})\.(html|llms\.md)\b')
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
    "Render what nbdev has processed in `root` into its _docs; returns what smalldocs warns of, as lines"
    from smalldocs.site import build
    site, out, cfg = build(root/'_proc', quiet=True), root/'_docs', settings(root)
    rename(site.out, pages(root))
    relink(site.out, cfg['doc_host'] + cfg['doc_baseurl'])
    if out.exists(): shutil.rmtree(out)
    shutil.move(site.out, out)
    return [o for o in site.warnings if not o.endswith(NO_OUTPUT_FILE)]

# What is checked

class Page:
    "A page of the site in folder `site`, by its `name`"
    def __init__(self, site, name): self.site, self.name, self.soup = site, name, BeautifulSoup((site/name).read_text(encoding='utf-8'), 'html.parser')
    @property
    def main(self): return self.soup.find('main')
    @cached_property
    def ids(self): return {o['id'] for o in self.soup.find_all(id=True)}
    @cached_property
    def text(self): return squeezed(self.main.get_text())

def squeezed(txt): return re.sub(r'\s+', ' ', txt)

# Rules: each takes a page, all pages by name, and the root of the project, and yields problems

def links_lead_somewhere(page, site, root):
    "Each link and picture that is not of another site is there, and has the part that is asked for"
    for tag,key in [('a','href'), ('link','href'), ('img','src'), ('script','src')]:
        for o in page.soup.find_all(tag, {key: True}):
            url = urlsplit(o[key])
            if url.scheme or url.netloc or not o[key]: continue
            to = posixpath.normpath(posixpath.join(posixpath.dirname(page.name), unquote(url.path))) if url.path else page.name
            if not (page.site/to).is_file(): yield f'{tag} leads to {o[key]}: there is no such file'
            elif url.fragment and unquote(url.fragment) not in site[to].ids: yield f'link to {o[key]}: that page has no such part'

def pictures_have_words(page, site, root):
    "Each picture has alternative text"
    for o in page.soup.find_all(['img', 'svg']):
        if o.get('aria-hidden') == 'true' or o.find_parent(attrs={'aria-hidden': 'true'}): continue
        if not (o.get('alt') or o.get('aria-label') or '').strip(): yield f'{o.name} without alternative text, after "{_before(o)}"'

def _before(o): return squeezed(' '.join(reversed([str(s) for s,_ in zip(o.find_all_previous(string=True), range(6))])))[-80:]

def _source(page, root):
    "The module that `page` documents, if any, as its source"
    if '/' in page.name: return ''
    f = root/settings(root)['lib_path']/f"{page.name.removesuffix('.html').replace('.', '/')}.py"
    return f.read_text(encoding='utf-8') if f.is_file() else ''

def public_names(src):
    "`__all__` of a module with source `src`"
    found = [o.value for o in ast.parse(src).body if isinstance(o, ast.Assign) and ast.unparse(o.targets[0]) == '__all__']
    return ast.literal_eval(found[0]) if found else []

def names_are_there(page, site, root):
    "The page of a module names all that the module makes public"
    for o in public_names(_source(page, root)):
        if not re.search(rf'\b{o}\b', page.text): yield f'does not name {o}'

def docments(src):
    "The comments of the parameters and fields of the public functions and classes in `src`, as (name, comment)"
    said = {t.start[0]: t.string.lstrip('# ') for t in tokenize.generate_tokens(StringIO(src).readline) if t.type == tokenize.COMMENT}
    for o in ast.parse(src).body:
        if not isinstance(o, (ast.FunctionDef, ast.ClassDef)) or o.name.startswith('_'): continue
        init = next((f for f in o.body if isinstance(f, ast.FunctionDef) and f.name=='__init__'), None) if isinstance(o, ast.ClassDef) else o
        args = [] if init is None else [*init.args.args, *init.args.kwonlyargs]
        fields = [f for f in o.body if isinstance(f, ast.AnnAssign)] if isinstance(o, ast.ClassDef) else []
        for a in [*args, *fields]:
            if txt := said.get(a.end_lineno): yield o.name, squeezed(txt).strip()

def parameters_are_told(page, site, root):
    "The page of a module shows what is said of each parameter"
    for name,txt in docments(_source(page, root)):
        if txt not in page.text: yield f'{name}: does not show "{txt}"'

def sources_are_right(page, site, root):
    "Each `source` link leads to the line where its name is defined"
    cfg = settings(root)
    for o in page.soup.find_all('a', string=re.compile(r'^\s*source\s*$')):
        name = o.find_next(re.compile('h[2-5]')).get_text().strip()
        m = re.fullmatch(rf"{cfg['git_url']}/blob/{cfg['branch']}/(.*)#L(\d+)", o['href'])
        line = (root/m[1]).read_text(encoding='utf-8').splitlines()[int(m[2])-1 : int(m[2])+4] if m else []
        if not re.search(rf"\b(def|class) {name.split('.')[-1]}\b", ' '.join(line)): yield f"{name}: its source is not at {o['href']}"

RULES = [links_lead_somewhere, pictures_have_words, names_are_there, parameters_are_told, sources_are_right]

def problems(site, root=ROOT):
    "All problems of the rendered `site`, as lines"
    found = {f.relative_to(site).as_posix(): Page(site, f.relative_to(site).as_posix()) for f in sorted(site.rglob('*.html'))}
    return [f'{o.name}: {p}' for o in found.values() for rule in RULES for p in rule(o, found, root)]

def with_quarto(root):
    "Render what nbdev has processed in `root` with quarto"
    subprocess.run(['quarto', 'render', '--no-cache', '--no-execute'], cwd=root/'_proc', check=True)
    shutil.rmtree(root/'_docs', ignore_errors=True)
    shutil.move(root/'_proc/_docs', root/'_docs')

def main(how='smalldocs'):
    "Process the project in the current folder, and render it; returns its problems"
    root = Path.cwd()
    process()
    if how == 'quarto': return with_quarto(root)
    if how == 'smalldocs': return render(root) + problems(root/'_docs', root)

if __name__ == '__main__':
    found = main(*sys.argv[1:]) or []
    print(*found, sep='\n', end='\n' if found else '')
    sys.exit(bool(found))
