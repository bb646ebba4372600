"""How a notebook reads here, as far as a machine can tell.

    python scripts/style.py            # prints `file:cell: problem`, one a line, and exits 1 if there is any

Cells are counted from 0. What is checked is listed in `NOTEBOOK_RULES` and `PROJECT_RULES`: each rule is a function
that yields its problems, and its first line says what it asks for."""
import ast, json, re, sys, warnings
from functools import partial
from math import ceil
from pathlib import Path

import nbformat, yaml
from IPython.core.inputtransformer2 import TransformerManager
from nbdev.process import extract_directives

from project import ROOT, is_story, notebooks, settings, tracked

MAX_LINES = 40               # of an exported cell
DEFS_PER_TEST = 3
MAX_BYTES = 1_000_000        # of a file
DEFS = ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef
# A path of somebody's machine. What stands before it must not make it a part of a URL or of a relative path.
MACHINE_PATH = re.compile(r'(?<![\w.~-])/(?:work|root|home|Users)/[\w.-]+|\b[A-Z]:\\Users\\\w+')

class Cell:
    "A code cell with its directives (`#| name args`) and its syntax tree"
    def __init__(self, idx, cell, flags=()):
        self.idx, self.src, self.outputs, self.flags = idx, cell.source, cell.get('outputs', []), set(flags)
        self.dirs = {k.rstrip(':'): v for k,v in extract_directives(cell, remove=False).items()}
        self.error, self.body = None, []
        try: self.body = ast.parse(TransformerManager().transform_cell(self.src)).body
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

NOTEBOOK_RULES = [opening, parses, imports_alone, short_exports, enough_tests, stored_outputs, no_machine_paths]

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
    found = [o for rule in NOTEBOOK_RULES for o in rule(nb, code_cells(nb, flags), rel)]
    return [f'{rel}: {p}' if i is None else f'{rel}:{i}: {p}' for i,p in found]

# Rules for the project: each takes its root folder and yields lines

def small_files(root):
    "No file over 1 MB in the tree"
    for f in tracked(root):
        if (n := f.stat().st_size) > MAX_BYTES: yield f'{f.relative_to(root)}: {n/1e6:.1f} MB: {MAX_BYTES/1e6:g} MB at most'

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

PROJECT_RULES = [small_files, no_paths_in_files, sidebar, package_data_is_tracked]

def problems(root=ROOT):
    "All problems of the project, as lines"
    check = partial(check_notebook, root=root, flags=settings(root).get('tst_flags', '').split())
    return [p for nb in notebooks(root) for p in check(nb)] + [p for rule in PROJECT_RULES for p in rule(root)]

if __name__ == '__main__':
    found = problems(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT)
    print('\n'.join(found) or 'no style problem')
    sys.exit(bool(found))
