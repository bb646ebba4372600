"""Render the site into _docs, and check what can be checked without a browser.

    python scripts/docs.py             # with smalldocs; prints `page: problem`, one a line, and exits 1 if there is any
    python scripts/docs.py quarto      # with quarto, as .github/workflows/deploy.yaml does
    python scripts/docs.py process     # only the sources, where there is no smalldocs (it needs Python 3.11)

quarto is no Python package; smalldocs is one, and is what `make docs`, `make test` and the browser tests use. Both render the
same sources, the folder _proc that `process` writes: the notebooks after nbdev's processors, nbs/_quarto.yml with sidebar.yml,
nbdev.yml and site.yml (version, links and icon, from settings.ini), nbs/styles.css, and two pages that are generated here:
commands.qmd from the Typer app and http_api.qmd from openapi.json.

nbdev's processors differ here in four ways, for both renderers:

- signatures are shown as they are written in the source, and classes as classes;
- the page of a module shows its public constants, and the fields of its named tuples and data classes, as they are written;
- links from backticked names are made in prose only: nbdev makes them in the code of a signature too;
- alternative texts of pictures are quoted, so that they may have colons.

The deployed site (quarto) and the tested one (smalldocs) then differ in four ways:

- search, table of contents and the theme switch are each renderer's own script; styles.css colours both;
- quarto writes 00_charset.ipynb to charset.html (`output-file`), smalldocs keeps the number: `rename` gives its pages quarto's names;
- links that nbdev makes of backticked names lead to the published site in quarto; `relink` makes them relative, for tests without a network;
- only smalldocs' site is checked: quarto stops at an error of its own, and its pages are not walked.

What is checked is listed in `RULES`; tests/test_site.py walks the site in a browser for the rest (`make docs-test`)."""
import ast, json, posixpath, re, shutil, subprocess, sys, tokenize
from functools import cached_property
from io import StringIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbdev.serve, yaml
from bs4 import BeautifulSoup
from execnb.nbio import mk_cell
from nbdev.doclinks import NbdevLookup, _nbpath2html
from nbdev.process import Processor
from nbdev.processors import FilterDefaults, add_links, rm_export
from nbdev.showdoc import showdoc_nm

from project import ROOT, notebooks, settings

# What nbdev makes of a notebook

def constants(body):
    "Those of the statements `body` that give a value to a public name"
    return [o for o in body if isinstance(o, ast.Assign) and all(isinstance(n, (ast.Name, ast.Tuple, ast.Starred)) for n in o.targets)
            and any(not n.id.startswith('_') for n in ast.walk(ast.Tuple(o.targets)) if isinstance(n, ast.Name))]

def fence(lines, lang='python'): return f'```{lang}\n' + '\n'.join(lines) + '\n```'

SHOWN_DECORATORS = {'property', 'cached_property', 'classmethod', 'staticmethod', 'contextmanager'}

def comments(src):
    "The comments in `src` by the number of their line"
    return {t.start[0]: t.string for t in tokenize.generate_tokens(StringIO(src).readline) if t.type == tokenize.COMMENT}

def head(node, lines):
    "The definition `node` up to its body, as written in the cell with `lines`; a comment after a body on the same line is kept"
    body = node.body[0]
    first = min([body.lineno, *(o.lineno for o in getattr(body, 'decorator_list', []))])
    part = [l.encode() for l in lines[node.lineno-1:first]]
    if body.lineno == first: part[-1] = part[-1][:body.col_offset]
    part = [l.decode().rstrip() for l in part]
    part = [part[0][node.col_offset:], *(re.sub(rf'^ {{0,{node.col_offset}}}', '', l) for l in part[1:])]
    names = [ast.unparse(o) for o in node.decorator_list]
    while part and not part[-1]: part.pop()
    comment = comments('\n'.join(lines)).get(first)
    if comment and body.lineno == first == body.end_lineno and part[-1].endswith(':'): part[-1] += f' {comment}'
    return [*(f'@{o}' for o in names if o in SHOWN_DECORATORS), *part]

def called(name, init):
    "The lines `init` of an `__init__` as a call of the class `name`: without self, and aligned"
    def_, class_ = 'def __init__(', f'class {name}('
    text = re.sub(r'^def __init__\(\s*self\s*(,\s*)?', class_, '\n'.join(init))
    text = re.sub(r'\)\s*->\s*None:', '):', text)
    first, *rest = text.split('\n')
    shift = len(class_) - len(def_)
    def aligned(l):
        indent = len(l) - len(l.lstrip())
        return ' '*max(4, indent+shift) + l.lstrip() if indent >= 8 else l
    return [first, *map(aligned, rest)]

def signature(node, lines):
    "The signature of the function or class `node`, as written in the cell with `lines`"
    if not isinstance(node, ast.ClassDef): return head(node, lines)
    init = next((o for o in node.body if isinstance(o, ast.FunctionDef) and o.name == '__init__'), None)
    if init: return called(node.name, head(init, lines))
    fields = [l for o in node.body if isinstance(o, ast.AnnAssign) for l in lines[o.lineno-1:o.end_lineno]]
    return [*head(node, lines), *fields]

DEFS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

def signatures(src):
    "The signatures of all that a cell `src` defines, by the name that `show_doc` is given"
    lines, found = src.splitlines(), {}
    for o in ast.parse(src).body:
        if not isinstance(o, DEFS): continue
        found[showdoc_nm(o)] = signature(o, lines)
        for m in o.body if isinstance(o, ast.ClassDef) else []:
            if isinstance(m, DEFS): found[f'{o.name}.{m.name}'] = signature(m, lines)
    return found

class show_data(Processor):
    "Show signatures, constants and fields of exported cells as they are written, which `show_doc` does not"
    def begin(self):
        cells = [o for o in self.nb.cells if o.cell_type=='code' and {'export', 'exports'} & o.directives_.keys()]
        found = {}
        for cell in cells:
            found.update(signatures(cell.source))
            lines = cell.source.splitlines()
            if given := [l for o in constants(ast.parse(cell.source).body) for l in lines[o.lineno-1:o.end_lineno]]:
                self.nb.cells.insert(self.nb.cells.index(cell), mk_cell(fence(given), 'markdown'))
        for o in self.nb.cells:
            m = re.search(r'^show_doc\(([\w.]+)', o.source, re.M) if o.cell_type=='code' else None
            if m and m[1] in found:
                for out in o.outputs: self.show(out, found[m[1]])

    def show(self, out, lines):
        "Replace the signature in the output `out` of a `show_doc` by `lines`"
        if not (md := ''.join(out.get('data', {}).get('text/markdown', ''))): return
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

def quote_alt(cell):
    "Quote the text of `#| fig-alt:`: renderers read it as YAML, where a colon in it would be an error"
    if cell.cell_type != 'code': return
    cell.source = re.sub(r'(?m)^#\|\s*fig-alt:\s*([^"\'\s].*)$', lambda m: f'#| fig-alt: {json.dumps(m[1].strip(), ensure_ascii=False)}', cell.source)

class SiteProcs(FilterDefaults):
    def base_procs(self):
        yield quote_alt
        for o in super().base_procs():
            if o is rm_export: yield show_data
            yield link_prose if o is add_links else o

# Pages and settings that are generated

def cell_of(text):
    "`text` in a cell of a table: one line, and no character that ends the cell or begins a tag"
    return re.sub(r'([|<\[\]*_])', r'\\\1', squeezed(text).strip())

def code_of(text): return '`' + text.replace('|', '\\|') + '`'

def table(*rows):
    "A table in Markdown; the first of `rows` is its head"
    first, *rest = ['| ' + ' | '.join(o) + ' |' for o in rows]
    widths = [min(60, max(map(len, column))) for column in zip(*rows)]    # quarto makes columns as wide as their dashes
    return [first, '|' + '|'.join('-'*max(3, o) for o in widths) + '|', *rest, '']

def front(title, description): return ['---', f'title: {json.dumps(title)}', f'description: {json.dumps(description)}', '---', '']

def command_page(app, prog):
    "The reference of the Typer `app` that is run as `prog`, in Markdown: what `--help` prints"
    import typer
    group = typer.main.get_command(app)
    page = front('Command line reference', f'Every command of {prog}, with its arguments and options: the text of `{prog} COMMAND --help`.')
    page += [group.help, '']
    page += table(('Command', 'What it does'), *[(f'[{code_of(name)}](#{name})', cell_of(o.help)) for name,o in group.commands.items()])
    for name,command in group.commands.items():
        context = type(command).context_class(command, info_name=f'{prog} {name}')
        page += [f'## {name} {{#{name}}}', '', cell_of(command.help), '', *fence([command.get_usage(context).removeprefix('Usage: ')], 'text').splitlines(), '']
        params = command.get_params(context)
        for kind,title in [('argument', 'Argument'), ('option', 'Option')]:
            records = [o.get_help_record(context) for o in params if o.param_type_name == kind]
            rows = [(code_of(a), cell_of(b)) for a,b in filter(None, records)]
            if rows: page += table((title, 'Meaning'), *rows)
    return '\n'.join(page)

def ref_name(node): return node['$ref'].rsplit('/', 1)[1]

def anchor(schema): return f'schema-{schema.lower()}'

def type_of(schema):
    "The type in a JSON `schema`, in words"
    if '$ref' in schema: return f'[{ref_name(schema)}](#{anchor(ref_name(schema))})'
    if 'const' in schema: return code_of(json.dumps(schema['const']))
    if 'anyOf' in schema: return ' or '.join(map(type_of, schema['anyOf']))
    kind = schema.get('type', 'any')
    if kind == 'array': return f"list of {type_of(schema['items'])}"
    if kind == 'object' and (fields := schema.get('properties')): return 'object with ' + ', '.join(map(code_of, fields))
    text = kind if isinstance(kind, str) else ' or '.join(kind)
    if 'minimum' in schema and 'maximum' in schema: text += f" from {schema['minimum']} to {schema['maximum']}"
    return text

def fields_of(schema):
    "The properties of an object's JSON `schema`, as a table"
    needed = schema.get('required', [])
    rows = [(code_of(k), type_of(v) + (', required' if k in needed else ''), cell_of(v.get('description', ''))) for k,v in schema['properties'].items()]
    return table(('Field', 'Type', 'Meaning'), *rows)

def response_row(code, response, spec):
    "The row of a table for the `response` with the status `code`"
    if '$ref' in response: response = spec['components']['responses'][ref_name(response)]
    types = [type_of(o['schema']) for o in response.get('content', {}).values()]
    return code, cell_of(response['description']), ' or '.join(types)

def api_page(spec):
    "The reference of an OpenAPI `spec`, in Markdown"
    info = spec['info']
    page = front('HTTP API', 'Every address of captcha-ocr serve, with its fields and answers, from openapi.json.')
    page += [info['description'], '', 'Start the service with `captcha-ocr serve`, then send it an image:', '']
    page += fence(['curl -F image=@captcha.png http://127.0.0.1:8000/api/read'], 'bash').splitlines() + ['']
    if spec['components'].get('securitySchemes'): page += ['If the service has a token, send it as `Authorization: Bearer TOKEN`.', '']
    page += ['Errors are answered as `application/problem+json`.', '']
    for path,methods in spec['paths'].items():
        for method,o in methods.items():
            page += [f"## {method.upper()} {path} {{#{o['operationId']}}}", '', o['summary'], '', o.get('description', ''), '']
            bodies = o.get('requestBody', {}).get('content', {})
            if bodies: page += table(('Body', 'Fields'), *[(code_of(kind), type_of(b['schema'])) for kind,b in bodies.items()])
            page += table(('Status', 'Meaning', 'Body'), *[response_row(code, r, spec) for code,r in o['responses'].items()])
    page += ['## Schemas', '']
    for name,schema in spec['components']['schemas'].items():
        page += [f'### {name} {{#{anchor(name)}}}', '', schema.get('description', ''), '']
        page += fields_of(schema) if 'properties' in schema else [f'{type_of(schema)}.', '']
    return '\n'.join(page)

def site_settings(cfg):
    "The settings that come from settings.ini `cfg`: the icon, the version and the links to the repository"
    source, version = cfg['git_url'], cfg['version']
    right = [dict(text=f'v{version}', href=f'{source}/blob/{cfg["branch"]}/CHANGELOG.md', **{'aria-label': f'v{version}: changes'}),
             dict(text='GitHub', href=source)]
    footer = dict(left=f"{cfg['title']} {version}, Apache 2.0", right=f'[Source on GitHub]({source})')
    return dict(website={'favicon': 'icon.svg', 'navbar': dict(right=right), 'page-footer': footer})

def write_generated(root):
    "Write the generated pages and settings into _proc of `root`"
    from captcha_ocr.cli import app
    cfg, proc = settings(root), root/'_proc'
    static = root/cfg['lib_path']/'static'
    spec = json.loads((static/'openapi.json').read_text(encoding='utf-8'))
    (proc/'commands.qmd').write_text(command_page(app, 'captcha-ocr'), encoding='utf-8')
    (proc/'http_api.qmd').write_text(api_page(spec), encoding='utf-8')
    (proc/'site.yml').write_text(yaml.safe_dump(site_settings(cfg), sort_keys=False), encoding='utf-8')
    shutil.copy(static/'icon.svg', proc/'icon.svg')

def process():
    "Write what the renderers read into _proc: the notebooks, processed as nbdev does for its docs, and what is generated"
    nbdev.serve.FilterDefaults = SiteProcs
    nbdev.serve.proc_nbs(n_workers=0, force=True)
    write_generated(Path.cwd())

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
    said = {line: o.lstrip('# ') for line,o in comments(src).items()}
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

def no_warnings(page, site, root):
    "No output is a warning of a library; filter it with nbdev's `#| filter_stream WORD`"
    for o in page.soup.select('.cell-output-stderr, .cell-output-stdout'):
        if m := re.search(r'.*(?:Warning:|WARNING:).*', o.get_text()): yield f'prints "{m[0].strip()[:80]}"'

def signatures_as_written(page, site, root):
    "No signature has a type that nobody wrote, and each class of the module is shown as a class"
    if 'NoneType=None' in page.text: yield 'shows a signature with NoneType=None'
    classes = [o.name for o in ast.parse(_source(page, root)).body if isinstance(o, ast.ClassDef)]
    for o in classes:
        if re.search(rf'\bdef {o}\(', page.text): yield f'shows the class {o} as a function'

RULES = [links_lead_somewhere, pictures_have_words, names_are_there, parameters_are_told, sources_are_right, no_warnings, signatures_as_written]

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
