"""Run the tests of the library notebooks on the package as it is installed, without nbdev.

    python scripts/run_exported_tests.py              # all library notebooks
    python scripts/run_exported_tests.py nbs/43_train.ctc.ipynb

nbdev 2 needs fastcore 1, so it cannot test the package beside fastcore 2: this can. The exported cells are not run: their
names come from the module that they were exported to. The other cells run as the notebook has them, but for imports from
nbdev, calls of `show_doc`, cells with `#| eval: false` and cells behind one of the flags `tst_flags` in settings.ini."""
import ast, importlib, json, os, re, subprocess, sys, time
from pathlib import Path

from project import notebooks, settings

EXPORT = re.compile(r'^#\|\s*(export|exports|exporti)\b', re.MULTILINE)
DEFAULT_EXP = re.compile(r'^#\|\s*default_exp\s+(\S+)', re.MULTILINE)

def sources(path):
    "Sources of the code cells of the notebook `path`"
    cells = json.loads(Path(path).read_text(encoding='utf-8'))['cells']
    return [''.join(c['source']) for c in cells if c['cell_type'] == 'code']

def is_skipped(src, flags):
    "Is `src` a cell that is exported, not evaluated or behind one of `flags`?"
    directives = re.findall(r'^#\|\s*([\w-]+):?\s*(.*?)\s*$', src, flags=re.MULTILINE)
    return bool(EXPORT.search(src)) or ('eval', 'false') in directives or any(k in flags for k,_ in directives)

def _of_nbdev(node):
    names = [node.module or ''] if isinstance(node, ast.ImportFrom) else [o.name for o in node.names] if isinstance(node, ast.Import) else []
    return any(o.split('.')[0] == 'nbdev' for o in names)

def without_nbdev(src):
    "`src` without its imports from nbdev, and without `nbdev_export`"
    if 'nbdev_export(' in src: return ''
    if 'nbdev' not in src: return src
    drop = {i for o in ast.parse(src).body if _of_nbdev(o) for i in range(o.lineno, o.end_lineno+1)}
    return '\n'.join(o for i,o in enumerate(src.splitlines(), 1) if i not in drop)

def namespace(srcs):
    "The names that the notebook's exported cells define, from the module that holds them"
    name = next((m[1] for m in map(DEFAULT_EXP.search, srcs) if m), None)
    mod = importlib.import_module(f"{settings()['lib_path']}.{name}") if name else None
    names = {k:v for k,v in vars(mod).items() if not k.startswith('__')} if mod else {}
    return {**names, 'show_doc': lambda *a, **k: None}

def run_notebook(path):
    "Run one notebook's tests in this process; returns the source and the output of the cell that failed, or None"
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    srcs, flags = sources(path), settings()['tst_flags'].split()
    shell = InteractiveShell.instance(colors='nocolor')
    shell.user_ns.update(namespace(srcs))
    os.chdir(Path(path).parent)
    for src in [without_nbdev(o) for o in srcs if not is_skipped(o, flags)]:
        with capture_output() as out: res = shell.run_cell(src, store_history=False)
        if not res.success: return f'{src}\n\n{out.stdout}{out.stderr}'

def run_apart(path):
    "Run one notebook's tests in a process of their own; returns whether they passed"
    path_var = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"    # so that tests find `captcha-ocr`
    start, env = time.time(), {**os.environ, 'PATH': path_var, 'MPLBACKEND': 'agg', 'IN_TEST': '1'}
    res = subprocess.run([sys.executable, __file__, '--one', str(path)], env=env, stdin=subprocess.DEVNULL)
    print(f"{'FAILED' if res.returncode else 'ok':<7}{time.time()-start:7.1f} s  {path.name}", flush=True)
    return not res.returncode

def main(*paths):
    "Run the notebooks `paths`, or all of the library"
    passed = [run_apart(Path(o).resolve()) for o in paths or notebooks(stories=False)]
    print(f'{sum(passed)} passed, {len(passed)-sum(passed)} failed')
    return not passed or not all(passed)

if __name__ == '__main__': sys.exit(run_notebook(sys.argv[2]) if sys.argv[1:2] == ['--one'] else main(*sys.argv[1:]))
