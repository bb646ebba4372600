"""Speed on this machine: medians of repeated runs, each beside something measured in the same minutes.

    make bench                                # with ddddocr, for comparison
    python scripts/bench.py [MODEL [DIR]]     # MODEL: default: the shipped one; DIR: labelled images, default: synthetic ones

Nothing is asserted: machines differ, and busy ones lie."""
import os
for o in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'): os.environ[o] = '1'    # before NumPy: one core, where not said otherwise
import json, re, statistics, subprocess, sys, tempfile, time
from collections import Counter
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

from captcha_ocr.train.augment import Augment
from captcha_ocr.data.images import open_image, to_pixels
from captcha_ocr.data.labels import read_labels
from captcha_ocr.reading.constraint import Constraint
from captcha_ocr.reading.search import decode
from captcha_ocr.reading.paths import greedy_decode
from captcha_ocr.reading.novelty import image_statistics
from captcha_ocr.train.crnn import CRNN, layer_table
from captcha_ocr.reader import Reader
from captcha_ocr.synth.styles import generate, save_captchas

def seconds(func):
    start = time.perf_counter()
    func()
    return time.perf_counter()-start

def median(func, items, rounds=5):
    "Median of the microseconds that `func` takes for one of `items`, over all of them and `rounds`"
    for o in items[:3]: func(o)
    return statistics.median(seconds(lambda: func(o)) for _ in range(rounds) for o in items)*1e6

def table(title, rows):
    print(f'\n{title}')
    for name,*cells in rows: print(f'  {name:<44}' + ''.join(f'{o:>16}' for o in cells))

def stages(reader, samples):
    "What one image costs from file to text, on one core, each step beside the network"
    opened = [s.file.read_bytes() for s in samples]
    pixels = [to_pixels(open_image(o), reader.geometry) for o in opened]
    scores, five, augment = reader.log_probs(pixels), Constraint(length=5, charset=reader.charset.chars), Augment()
    steps = {'open a PNG and scale it': (lambda o: to_pixels(open_image(o), reader.geometry), opened),
             'the network, one image': (lambda p: reader.log_probs([p]), pixels),
             'greedy decoding': (greedy_decode, scores),
             'decoding, free': (lambda s: decode(s, reader.charset), scores),
             'decoding, five characters of the charset': (lambda s: decode(s, reader.charset, five), scores),
             'decoding, the three best texts': (lambda s: decode(s, reader.charset, n_best=3), scores),
             'novelty': (image_statistics, pixels),
             'read, from PNG bytes to a reading': (reader.read, opened),
             'default augmentation (training only)': (lambda p: augment(p, split_idx=0), pixels),
             'draw a kaptcha (training only)': (lambda s: next(iter(generate('kaptcha', 1, seed=s))), range(100))}
    took = {k: median(f, o) for k,(f,o) in steps.items()}
    return [(k, f'{us:.0f} µs', f'{us/took["the network, one image"]:.2f} × net') for k,us in took.items()]

def run_alone(op, a, b, **attributes):
    "The least seconds that onnxruntime needs for one operation on arrays, on one core"
    shaped = lambda name, o: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, o)
    graph = onnx.helper.make_graph([onnx.helper.make_node(op, ['a','b'], ['c'], **attributes)], op, [shaped('a', a.shape)], [shaped('c', None)],
                                   [onnx.numpy_helper.from_array(b, 'b')])
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(onnx.helper.make_model(graph, ir_version=9, opset_imports=[onnx.helper.make_opsetid('', 17)]).SerializeToString(), options)
    return min(seconds(lambda: session.run(None, {'a': a})) for _ in range(20))

def peak():
    "The most this machine gives on one core: multiply-adds a second of a matrix product or a large convolution, bytes a second of a copy"
    random = np.random.default_rng(0).random
    n, c, hw = 1024, 64, 64
    product = n**3/run_alone('MatMul', random((n,n), np.float32), random((n,n), np.float32))
    convolution = c*c*9*hw*hw/run_alone('Conv', random((1,c,hw,hw), np.float32), random((c,c,3,3), np.float32), pads=[1]*4)
    big = np.ones(2**26, np.float32); out = np.empty_like(big)
    return max(product, convolution), 2*big.nbytes/min(seconds(lambda: np.copyto(out, big)) for _ in range(5))

def profile(file, pixels):
    "Median microseconds of each layer in onnxruntime's own profile"
    with tempfile.TemporaryDirectory() as d:
        options = ort.SessionOptions()
        options.intra_op_num_threads, options.enable_profiling, options.profile_file_prefix = 1, True, f'{d}/p'
        session = ort.InferenceSession(str(file), options, providers=['CPUExecutionProvider'])
        for p in pixels: session.run(None, {'images': p[None]})
        events = json.loads(Path(session.end_profiling()).read_text())
    runs, run = [], Counter()
    for e in events:
        if e['name'] == 'model_run': runs.append(run); run = Counter()
        elif e.get('cat') == 'Node' and e['name'].endswith('_kernel_time'): run[layer(e['name'])] += e['dur']
    return {k: statistics.median(r[k] for r in runs) for k in set().union(*runs)}

def layer(name): # of an ONNX node
    m = re.search(r'stages\.(\d)|(project)|(rnn)|(/head)', name)
    return 'the rest' if not m else f'stage {int(m[1])+1}' if m[1] else {'project':'project', 'rnn':'GRU', '/head':'head'}[m[0]]

def floor(reader, file, pixels):
    "Each layer against the least time that its multiply-adds and bytes can take on this machine"
    compute, memory = peak()
    took, rows = profile(file, pixels), []
    options, size = reader.config['model'], (3, reader.geometry.height, pixels[0].shape[1])
    for row in layer_table(CRNN(reader.charset.n_classes, reader.geometry, **options), size[2]):
        moved = 4*(np.prod(size) + np.prod(row['shape']) + row['params'])
        least, size = max(row['macs']/compute, moved/memory)*1e6, row['shape']
        rows.append((row['layer'], f'{row["macs"]/1e6:.1f} M', f'{moved/1e3:.0f} KB', f'{least:.0f} µs', f'{took[row["layer"]]:.0f} µs', f'{least/took[row["layer"]]:.0%}'))
    rows.append(('the rest (transpose, scale, softmax)', '', '', '', f'{took["the rest"]:.0f} µs', ''))
    return [(f'peak {compute/1e9:.0f} G multiply-adds/s, {memory/1e9:.1f} GB/s', 'multiply-adds', 'moved', 'at least', 'takes', 'of the floor'), *rows]

COLD = 'import sys; from captcha_ocr.reader import Reader; Reader(sys.argv[1]).read(sys.argv[2]); print([o.split()[1] for o in open("/proc/self/status") if o.startswith("VmHWM")][0])'

def whole(reader, file, samples):
    "A folder on all cores, and a process from its start to its first reading"
    many = [s.file for s in samples]*(1 + 2000//len(samples))
    rates = [len(many)/seconds(lambda: list(reader.read_many(many))) for _ in range(3)]
    cold = [seconds(lambda: subprocess.run([sys.executable, '-c', COLD, file, many[0]], check=True, capture_output=True)) for _ in range(5)]
    peak = subprocess.run([sys.executable, '-c', COLD, file, many[0]], check=True, capture_output=True, text=True).stdout
    return [(f'a folder, {reader.threads} threads', f'{statistics.median(rates):.0f} images/s'), ('cold start to the first reading', f'{statistics.median(cold):.2f} s'),
            ('memory of that process', f'{int(peak)/1024:.0f} MB'), ('model file', f'{Path(file).stat().st_size/1e3:.0f} KB')]

def beside(readers, samples):
    "Accuracy and time of several readers on the same images, in turns"
    took, right = {k: [] for k in readers}, Counter()
    for s in samples:
        data = s.file.read_bytes()
        for name,read in readers.items():
            start = time.perf_counter(); text = read(data)
            took[name].append(time.perf_counter()-start); right[name] += text == s.text
    us = {k: statistics.median(v)*1e6 for k,v in took.items()}
    return [(k, f'{right[k]}/{len(samples)} right', f'{us[k]:.0f} µs', f'{us[k]/us["captcha_ocr"]:.1f} ×') for k in readers]

def comparison(reader, samples):
    "Beside ddddocr: one core each, in turns; then what each makes of the images on all cores"
    import ddddocr
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    rows = beside({'captcha_ocr': lambda o: reader.read(o).text, 'ddddocr': ddddocr.DdddOcr(show_ad=False).classification}, samples)
    os.sched_setaffinity(0, cores)
    data, theirs = [s.file.read_bytes() for s in samples]*4, ddddocr.DdddOcr(show_ad=False).classification
    ours = len(data)/seconds(lambda: list(reader.read_many(data)))
    other = len(samples)/seconds(lambda: [theirs(o) for o in data[:len(samples)]])
    return [*rows, (f'{len(cores)} cores', f'{ours:.0f} and {other:.0f} images/s', '', f'{ours/other:.1f} ×')]

def main(file=None, folder=None):
    file, default = str(file or files('captcha_ocr')/'models'/'captcha_images_v2.onnx'), tempfile.TemporaryDirectory()
    if not folder: save_captchas('kaptcha', 300, folder := Path(default.name)/'drawn', seed=0)
    samples, reader = read_labels(folder)[0][:300], Reader(file)
    pixels = [to_pixels(open_image(s.file), reader.geometry) for s in samples[:100]]
    print(f'{Path(file).name}, {len(samples)} images from {Path(folder).name}, onnxruntime {ort.__version__}')
    table('one image on one core', stages(reader, samples[:100]))
    table('the network and its floor, one image on one core', floor(reader, file, pixels))
    table('whole jobs', whole(reader, file, samples))
    try: table('beside ddddocr (not trained on these): one core each, in turns; then all cores', comparison(reader, samples))
    except ImportError: print('\nddddocr is not installed (pip install --no-deps ddddocr): nothing to compare with')

if __name__ == '__main__': main(*sys.argv[1:])
