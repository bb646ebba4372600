"""How a notebook reads here, as far as a machine can tell.

    python scripts/style.py            # prints `file:cell: problem`, one a line, and exits 1 if there is any

Cells are counted from 0. What is checked is listed in `NOTEBOOK_RULES` and `PROJECT_RULES`: each rule is a function
that yields its problems, and its first line says what it asks for."""
import ast, json, re, sys, tokenize, warnings
from functools import partial
from io import StringIO
from math import ceil
from pathlib import Path
from urllib.parse import unquote

import nbformat, yaml
from IPython.core.inputtransformer2 import TransformerManager
from nbdev.doclinks import _nbpath2html
from nbdev.process import extract_directives

from project import ROOT, is_story, notebooks, settings, tracked

MAX_LINES = 40               # of an exported cell
MAX_WORDS = 60               # of a paragraph
MAX_WIDTH = 120              # characters of a line of code
LONG_LINES = .02             # share of code lines that may be longer
CELL_LINES = {.5: 10, .9: 22}    # lines of an exported cell: at the median and at the 90th percentile, over all notebooks
PROSE_WORDS = {.5: 30}       # words of a text cell, likewise
DEFS_PER_TEST = 3
MAX_BYTES = 1_000_000        # of a file
MAX_MODEL = 12_000_000       # of a model of the package
STRINGS = {getattr(tokenize, o) for o in ('STRING', 'FSTRING_MIDDLE') if hasattr(tokenize, o)}
DEFS = ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef
# A path of somebody's machine. What stands before it must not make it a part of a URL or of a relative path.
MACHINE_PATH = re.compile(r'(?<![\w.~-])/(?:work|root|home|Users)/[\w.-]+|\b[A-Z]:\\Users\\\w+')

# Words that read as translated, each with what to write instead. What `ALLOWED` matches is a real use of the word.
WORDS = {
    r'(?:un|re)?drawn (?:captchas?|images?|ones?|samples?)|draws? (?:a |the |\d+ )?captchas?': 'synthetic captcha, generate',
    r'from chance': 'from scratch',
    r'stands?|stood': 'is, has, contains',
    r'mend(?:s|ed|ing)?': 'fix',
    r'go(?:es|ing)? on|went on': 'resume, continue',
    r'deal(?:s|t|ing)?|parts them|held back|holds? back|holding back': 'split, assign, keep apart, abstain',
    r'strange|told|tells? apart': 'unfamiliar, summary, distinguish',
    r'with manners|cannot rob|slowly,': 'rate-limited, obeys robots.txt, crash-safe',
    r'more so|not a few|no more than': '(leave out)',
    r'of course|whatever it is|shall': '(leave out)',
    r'is what mends|of one[\'’]s own|one needs|one gets|one wants|one has to': 'you, or the active voice',
}
ALLOWED = re.compile(r'stand-?alone|standard|understand|withstand|stand-?ins?|stands? for\b|deal with|great deal|hand-drawn|drawn (?:on|over|as) (?:the )?(?:axes|figure|canvas)', re.I)
TRANSLATED = {re.compile(rf'(?<![\w-])(?:{k})(?![\w-])', re.I): v for k,v in WORDS.items()}

class Cell:
    "A code cell with its directives (`#| name args`) and its syntax tree"
    def __init__(self, idx, cell, flags=()):
        self.idx, self.src, self.outputs, self.flags = idx, cell.source, cell.get('outputs', []), set(flags)
        self.dirs = {k.rstrip(':'): v for k,v in extract_directives(cell, remove=False).items()}
        self.error, self.body = None, []
        plain = not re.search(r'^\s*[%!?]|\?$', self.src, re.M)    # of IPython's syntax: most cells, and parsed ten times as fast
        try: self.body = ast.parse(self.src if plain else TransformerManager().transform_cell(self.src)).body
        except SyntaxError as e: self.error = e

    def says(self, name, value): return self.dirs.get(name) == [value]
    @property
    def runs(self): return not (self.says('eval', 'false') or self.flags & self.dirs.keys())
    @property
    def exported(self): return bool({'export', 'exports', 'exporti'} & self.dirs.keys())
    @property
    def hidden(self): return 'hide' in self.dirs or self.says('include', 'false') or self.says('output', 'false')
    @property
    def lines(self): return [o for o in self.src.splitlines() if not o.startswith('#|')]

def code_cells(nb, flags=()): return [Cell(i, c, flags) for i,c in enumerate(nb.cells) if c.cell_type=='code' and c.source.strip()]

# Rules for one notebook: each takes the notebook, its code cells and its path, and yields (cell index or None, problem)

def is_import(node):
    "Is `node` an import, or a `try` or `if` of nothing but imports?"
    if isinstance(node, ast.Try): return all(map(is_import, node.body)) and all(map(_is_fallback, node.handlers))
    if isinstance(node, ast.If): return all(map(is_import, node.body+node.orelse))
    return isinstance(node, (ast.Import, ast.ImportFrom))

def _is_fallback(handler): return all(is_import(o) or isinstance(o, (ast.Assign, ast.Pass)) for o in handler.body)

def _has_import(node):
    "Does `node` import outside of a function or class?"
    if isinstance(node, (*DEFS, ast.Lambda)): return False
    return isinstance(node, (ast.Import, ast.ImportFrom)) or any(map(_has_import, ast.iter_child_nodes(node)))

def imports_alone(nb, cells, path):
    "No cell mixes imports with other code (the docs build runs every cell that imports)"
    for c in cells:
        if 'nbdev_export(' in c.src or not any(map(_has_import, c.body)): continue
        if not all(map(is_import, c.body)): yield c.idx, 'imports and other code in one cell: give the imports a cell of their own'

def short_exports(nb, cells, path):
    "No exported cell is over 40 lines"
    for c in cells:
        if c.exported and len(c.lines) > MAX_LINES: yield c.idx, f'exported cell of {len(c.lines)} lines: {MAX_LINES} at most'

def public_defs(cells):
    "Names of the public functions, classes and patched methods that `cells` export"
    exported = [c for c in cells if {'export', 'exports'} & c.dirs.keys()]
    return [o.name for c in exported for o in c.body if isinstance(o, DEFS) and not o.name.startswith('_')]

def _called(node):
    f = node.func
    return f.id if isinstance(f, ast.Name) else f.attr if isinstance(f, ast.Attribute) else ''

def is_test(node):
    return isinstance(node, ast.Call) and bool(re.match(r'test_|expect_fail$|ExceptionExpected$', _called(node)))

def count_tests(cells): return sum(is_test(o) for c in cells if c.runs and not c.exported for n in c.body for o in ast.walk(n))

def enough_tests(nb, cells, path):
    "One test call at least for three exported definitions, in cells that the quick tests run"
    defs, tests = public_defs(cells), count_tests(cells)
    need = ceil(len(defs)/DEFS_PER_TEST)
    if tests < need: yield None, f'{tests} test calls for {len(defs)} exported definitions: {need} at least ({", ".join(defs[:6])}...)'

def shows(cell):
    "Does `cell` end in an expression whose value a reader expects to see?"
    if cell.hidden or cell.exported or cell.says('eval', 'false') or not cell.body or cell.src.rstrip().endswith(';'): return False
    last = cell.body[-1]
    return isinstance(last, ast.Expr) and not is_test(last.value) and 'run_line_magic' not in ast.unparse(last)

def stored_outputs(nb, cells, path):
    "index.ipynb and the tutorials store the outputs of a real run, without errors"
    if not (is_story(path) or path.name=='index.ipynb'): return
    if cells and not any(c.outputs for c in cells): yield None, 'no stored output: run it and save'
    for c in cells:
        if shows(c) and not c.outputs: yield c.idx, 'ends in an expression but stores no output: run it, or end it in `;`'
        if any(o.output_type=='error' for o in c.outputs): yield c.idx, 'the stored output is an error'

def opening(nb, cells, path):
    "The first cell is an H1 and a one-line `> description` and nothing else: nbdev drops what else it holds"
    src = nb.cells[0].source if nb.cells and nb.cells[0].cell_type=='markdown' else ''
    if not re.fullmatch(r'# \S.*\n+> \S.*(\n+- [\w-]+:.*)*\s*', src): yield 0, 'must be `# Title`, then `> one-line description`, and nothing else'

def parses(nb, cells, path):
    "Every code cell is Python"
    for c in cells:
        if c.error and not c.says('eval', 'false'): yield c.idx, f'not valid Python: {c.error.msg}'

def no_machine_paths(nb, cells, path):
    "No path of somebody's machine in a cell or its output"
    for i,c in enumerate(nb.cells):
        if m := MACHINE_PATH.search(c.source): yield i, f'machine path {m[0]}'
        for o in c.get('outputs', []):
            if m := MACHINE_PATH.search(_text(o)): yield i, f'machine path {m[0]} in the output'

def _text(output):
    "The text of `output`, pictures left out"
    data = [v for k,v in output.get('data', {}).items() if not (k.startswith('image/') and 'svg' not in k)]
    return '\n'.join([str(o) for o in data] + [output.get('text', ''), *output.get('traceback', [])])

def comments_and_docs(src):
    "The docstrings and comments of Python source `src`, and its messages: strings with a space"
    try: toks = list(tokenize.generate_tokens(StringIO(src).readline))
    except (tokenize.TokenError, SyntaxError): return ''
    return '\n'.join(o.string for o in toks if o.type == tokenize.COMMENT or o.type in STRINGS and ' ' in o.string)

def translated(text):
    "The words in `text` that read as translated, as `found: write instead`"
    plain = ALLOWED.sub(' ', re.sub(r'`[^`]*`|\]\([^)]*\)|https?://\S+', ' ', text))
    return [f'"{m[0]}": write {better}' for pattern,better in TRANSLATED.items() for m in [pattern.search(plain)] if m]

def plain_words(nb, cells, path):
    "Prose, docstrings, comments and messages use none of `WORDS`"
    for i,c in enumerate(nb.cells):
        text = c.source if c.cell_type == 'markdown' else comments_and_docs(c.source)
        for o in translated(text): yield i, o

def short_paragraphs(nb, cells, path):
    "No paragraph is over 60 words"
    for i,c in enumerate(nb.cells):
        if c.cell_type != 'markdown': continue
        for o in re.split(r'\n\s*\n|\n(?=\s*(?:[-*|]|\d+\.) )', c.source):
            n = len(o.split())
            if n > MAX_WORDS and not o.lstrip().startswith(('|', '```', '<', '#')): yield i, f'paragraph of {n} words: {MAX_WORDS} at most'

NOTEBOOK_RULES = [opening, parses, imports_alone, short_exports, enough_tests, stored_outputs, no_machine_paths, plain_words, short_paragraphs]

def invalid(path):
    "What nbformat finds wrong with the notebook `path`, its warnings included; nothing if it is valid"
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        try: nbformat.validate(json.loads(path.read_text(encoding='utf-8')))
        except Exception as e: return f'not a valid notebook: {str(e).splitlines()[0] if str(e) else type(e).__name__}'

def check_notebook(path, root=ROOT, flags=()):
    "Lines `file:cell: problem` for one notebook"
    rel = path.relative_to(root)
    if (problem := invalid(path)): return [f'{rel}: {problem}']
    nb = nbformat.read(path, as_version=4)
    cells = code_cells(nb, flags)
    found = [o for rule in NOTEBOOK_RULES for o in rule(nb, cells, rel)]
    return [f'{rel}: {p}' if i is None else f'{rel}:{i}: {p}' for i,p in found]

# Rules for the project: each takes its root folder and yields lines

def small_files(root):
    "No file over 1 MB in the tree, no model over 12 MB"
    models = root/settings(root).get('lib_path', 'lib')/'models'
    for f in tracked(root):
        most, n = MAX_MODEL if models in f.parents else MAX_BYTES, f.stat().st_size
        if n > most: yield f'{f.relative_to(root)}: {n/1e6:.1f} MB: {most/1e6:g} MB at most'

def no_paths_in_files(root):
    "No path of somebody's machine in a text file"
    for f in tracked(root):
        if f.suffix == '.ipynb': continue    # read cell by cell above
        for i,line in enumerate(_lines(f), 1):
            if m := MACHINE_PATH.search(line): yield f'{f.relative_to(root)}:{i}: machine path {m[0]}'

def _lines(f):
    try: return f.read_text(encoding='utf-8').splitlines()
    except UnicodeDecodeError: return []

def _files_of(o):
    "The notebooks that `sidebar.yml`'s node `o` names"
    if isinstance(o, str): return [o]
    return sum(map(_files_of, o.values() if isinstance(o, dict) else o if isinstance(o, list) else []), [])

def sidebar(root):
    "sidebar.yml names every notebook of the library, and no other"
    named = [o for o in _files_of(yaml.safe_load((root/'nbs/sidebar.yml').read_text())) if o.endswith('.ipynb') and '*' not in o]
    there = [o.relative_to(root/'nbs').as_posix() for o in notebooks(root, stories=False)]
    for o in sorted(set(named) ^ set(there)): yield f'nbs/sidebar.yml: {o} ' + ('has no notebook' if o in named else 'is missing')

def package_data_is_tracked(root):
    "git takes every file that the package installs: one that .gitignore names is missing in a clone"
    cfg, there = settings(root), set(tracked(root))
    for pattern in cfg.get('package_data', '').split():
        for f in sorted((root/cfg['lib_path']).glob(pattern)):
            if f not in there: yield f'{f.relative_to(root)}: the package needs it, and git ignores it'

TEXTS = {'.md', '.html', '.js', '.py', '.yml', '.yaml', '.ini', '.toml'}

def plain_words_in_files(root):
    "Pages, scripts, templates and settings use none of `WORDS`"
    lib = root/settings(root).get('lib_path', 'lib')
    for f in tracked(root):
        generated = lib in f.parents and f.suffix == '.py' or f.name in ('README.md', 'constraints.txt', 'style.py', 'test_style.py')
        if f.suffix not in TEXTS or generated: continue
        for i,line in enumerate(_lines(f), 1):
            for o in translated(line): yield f'{f.relative_to(root)}:{i}: {o}'

def quantile(numbers, q):
    "The `q`-quantile of `numbers`, one of them"
    return sorted(numbers)[min(len(numbers)-1, int(len(numbers)*q))]

def rhythm(root):
    "Exported cells and prose are short in the median, and few lines are long"
    books = [nbformat.read(o, as_version=4) for o in notebooks(root, stories=False)]
    cells = [c for nb in books for c in code_cells(nb)]
    exports = [len(c.lines) for c in cells if c.exported and not all(map(is_import, c.body))]
    prose = [len(c.source.split()) for nb in books for c in nb.cells[1:] if c.cell_type == 'markdown']
    lines = [o for c in cells for o in c.lines]
    for what,numbers,limits in [('exported cells have {} lines', exports, CELL_LINES), ('text cells have {} words', prose, PROSE_WORDS)]:
        for q,most in limits.items():
            if numbers and (n := quantile(numbers, q)) > most: yield f'nbs: {what.format(n)} at quantile {q}: {most} at most'
    wide = sum(len(o) > MAX_WIDTH for o in lines)
    if wide > LONG_LINES*len(lines): yield f'nbs: {wide} of {len(lines)} lines are over {MAX_WIDTH} characters: {LONG_LINES:.0%} at most'

def site_pages(root):
    "Names of the site's pages: nbs/00_charset.ipynb is charset.html"
    rels = [o.relative_to(root/'nbs') for o in notebooks(root) if root/'nbs' in o.parents]
    return {_nbpath2html(o).as_posix() for o in rels}

def link_targets(text):
    "Targets of the links and pictures in Markdown `text`, without their anchors"
    prose = re.sub(r'```.*?```|`[^`\n]*`', ' ', text, flags=re.S)
    return [o for o in (m.partition('#')[0] for m in re.findall(r'\]\(<?([^)\s>]+)', prose)) if o]

def is_dead(url, file, root, pages):
    "Does `url` in `file` name a page of the site, or a file of the repository, that does not exist?"
    cfg = settings(root)
    site, repo = cfg.get('doc_host', '')+cfg.get('doc_baseurl', ''), cfg.get('git_url', '').rpartition('github.com/')[2]
    if site and (url == site or url.startswith(site+'/')): return url[len(site)+1:] not in {'', *pages}
    if repo and (m := re.search(rf'/{re.escape(repo)}/(?:blob|tree)/[^/]+/(.+)', url)): return not (root/unquote(m[1])).exists()
    return not re.match(r'\w+:', url) and not (file.parent/unquote(url)).exists()

def markdown_texts(root):
    "(file, place, text) of each Markdown cell and file"
    for o in notebooks(root):
        cells = nbformat.read(o, as_version=4).cells
        yield from ((o, f'{o.relative_to(root)}:{i}', c.source) for i,c in enumerate(cells) if c.cell_type == 'markdown')
    yield from ((o, f'{o.relative_to(root)}', '\n'.join(_lines(o))) for o in tracked(root) if o.suffix == '.md')

def links(root):
    "Links to the site, to the repository and between files lead to something that exists"
    pages = site_pages(root)
    for file,place,text in markdown_texts(root):
        for url in link_targets(text):
            if is_dead(url, file, root, pages): yield f'{place}: link to {url}, which does not exist'

PROJECT_RULES = [small_files, no_paths_in_files, sidebar, package_data_is_tracked, plain_words_in_files, links, rhythm]

def problems(root=ROOT):
    "All problems of the project, as lines"
    check = partial(check_notebook, root=root, flags=settings(root).get('tst_flags', '').split())
    return [p for nb in notebooks(root) for p in check(nb)] + [p for rule in PROJECT_RULES for p in rule(root)]

if __name__ == '__main__':
    found = problems(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT)
    print('\n'.join(found) or 'no style problem')
    sys.exit(bool(found))
