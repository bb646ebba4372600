"""Speed of each stage on this machine: medians of repeated runs, and each as a ratio to the network's time.

    python scripts/bench.py [model.onnx]     # without a model: one that is trained for a moment (the speed is the same)

Nothing is asserted: machines differ, and busy ones lie."""
import io, statistics, sys, tempfile, time
from pathlib import Path

import numpy as np
from PIL import Image

from captcha_ocr.augment import Augment
from captcha_ocr.data import open_image, to_pixels
from captcha_ocr.decode import Constraint, decode, greedy_decode
from captcha_ocr.reader import Reader
from captcha_ocr.synth import draw_many
from captcha_ocr.training import train_reader

def median(func, items, rounds=5):
    "Median over `rounds` of the microseconds that `func` takes for one of `items`"
    def _once():
        start = time.perf_counter()
        for o in items: func(o)
        return (time.perf_counter()-start)/len(items)*1e6
    _once()
    return statistics.median(_once() for _ in range(rounds))

def png(im):
    out = io.BytesIO()
    Image.fromarray(im).save(out, 'PNG')
    return out.getvalue()

def quick_model(folder, drawn):
    (folder/'data').mkdir()
    for im,text in drawn: Image.fromarray(im).save(folder/'data'/f'{text}.png')
    train_reader(folder/'data', folder/'run', epochs=1)
    return folder/'run'/'model.onnx'

def main(model=None):
    drawn = list(draw_many('kaptcha', 200, seed=0))
    with tempfile.TemporaryDirectory() as d: reader = Reader(model or quick_model(Path(d), drawn), threads=1)
    files = [png(im) for im,_ in drawn]
    pixels = [to_pixels(open_image(f), reader.geometry) for f in files]
    scores, aug, five = reader.log_probs(pixels), Augment(), Constraint(length=5)
    network = median(lambda p: reader.log_probs([p]), pixels)
    rows = [('open a PNG and scale it', median(lambda f: to_pixels(open_image(f), reader.geometry), files)),
            ('the network, one core, one image', network),
            ('the network, one core, 32 at a time', median(lambda _: reader.log_probs(pixels[:32]), [0])/32),
            ('greedy decoding', median(greedy_decode, scores)),
            ('exact decoding, five characters', median(lambda s: decode(s, reader.charset, five), scores)),
            ('read, from PNG bytes to text', median(reader.read, files)),
            ('default augmentation', median(lambda p: aug(p, split_idx=0), pixels)),
            ('draw a kaptcha', median(lambda s: next(iter(draw_many('kaptcha', 1, seed=s))), range(200)))]
    for name,us in rows: print(f'{name:<38}{us:9.0f} µs {us/network:8.2f} × the network')

if __name__ == '__main__': main(*sys.argv[1:])
