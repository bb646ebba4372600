"""Export the universal model from a pretraining, and write its card.

    python scripts/ship_universal.py STATE [--curve]

STATE is the folder of `scripts/pretrain.py`. Writes captcha_ocr/models/universal.onnx (8-bit weights, to read), universal.safetensors
(half precision, to train from), universal.md, and nbs/images/pretraining.png, the learning curve. The 8-bit model is written only if it
reads as many synthetic images as the float one. Confidence is calibrated on synthetic images; the benchmark (`make bench-styles`) only
judges."""
import argparse, json, platform, tempfile, time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import onnx
from PIL import Image
from safetensors import safe_open

from captcha_ocr.charset import Charset
from captcha_ocr.data.files import atomic_file
from captcha_ocr.data.images import Geometry, open_image, to_pixels
from captcha_ocr.data.labels import Sample
from captcha_ocr.metrics import wilson_interval
from captcha_ocr.reader import Reader
from captcha_ocr.reading.calibration import fit_platt
from captcha_ocr.reading.views import Views
from captcha_ocr.synth.randomize import generate
from captcha_ocr.train.crnn import CRNN
from captcha_ocr.train.export import export_reader, quantized, seal
from captcha_ocr.train.learner import captcha_learner, model_config, save_model
from captcha_ocr.train.loaders import captcha_dls
from project import ROOT

MODELS, NAME, SEED, N = ROOT/'captcha_ocr'/'models', 'universal', 123_456_789, 2000
VIEWS = Views(widths=(.77, 1.2), below=.4)    # read again, narrower and wider, if the probability of the text is below .4
CARD = """# {name}.onnx

Reads short texts of Latin letters, digits and `+-x/=` in image styles that it was not made for. It is the default model of
`captcha-ocr read` and `Reader()`. `{name}.safetensors` holds the same weights in half precision, to fine-tune in Python.

| | |
|---|---|
| data | {seen:,} synthetic images from `captcha_ocr.synth.randomize`; no real image |
| characters | `{charset}` |
| score on synthetic images | {exact:.1%} exact match of {n:,} held-out ones (95% interval {low:.1%} to {high:.1%}), {folded:.1%} ignoring case |
| score on other styles | see `make bench-styles` and the tutorial *Another style* |
| confidence | calibrated on {n:,} held-out synthetic images; on other styles it can be too high |
| views | an image whose text has a probability below {below} is read again at {widths} of its width |
| no text | a confidence below {legible_from:.1%} is reported as `unfamiliar`: 1% of the right readings, most photographs and other scripts |
| network | CRNN with {weights:,} weights: `{network}` |
| pretraining | {hours:.1f} hours on one of two busy cores ({machine}), AdamW, constant learning rate, then decay to zero over the last {decay:,} images, averaged weights |
| size | {onnx_mb:.1f} MB with 8-bit weights, {half_mb:.1f} MB half precision |
| 8-bit weights | {same:.1%} of {n:,} texts are those of the float network, which reads {floats:.1%} |
| date | {date} |
| made by | `python scripts/pretrain.py`, then `python scripts/ship_universal.py` |

**Limits.** One line of text, at most about 12 characters. Letters whose case shows in their size alone (`c`, `o`, `s`, ...) are often
read in the wrong case. Texts in other scripts are read as Latin.

**Licence.** The weights are released with the package, under its licence.

**Use.** For research and learning, and for sites that you own or may test.
"""

def load(state):
    "The averaged weights of a pretraining as a network, its charset, and the facts of the training."
    with safe_open(state/'state.safetensors', 'pt') as f:
        meta = json.loads(f.metadata()['state'])
        weights = {k.removeprefix('ema.'): f.get_tensor(k) for k in f.keys() if k.startswith('ema.')}
    model = CRNN(len(meta['charset'])+1, Geometry(**meta['geometry']), **meta['network'])
    model.load_state_dict(weights)
    return model.eval(), Charset(meta['charset']), meta

def synthetic_samples(folder, n):
    "`n` held-out synthetic images in files, with their labels."
    out = []
    for i in range(n):
        pixels, text = generate([SEED, i])
        file = Path(folder)/f'{i:05}.png'
        Image.fromarray(pixels).save(file)
        out.append(Sample(file, text))
    return [s for s in out if s.text]

def plot_curve(state, file):
    "Exact match on held-out synthetic images against the number of images seen."
    rows = [json.loads(o) for o in (state/'log.jsonl').read_text().splitlines()]
    rows = [o for o in rows if 'exact' in o]
    fig, ax = plt.subplots(figsize=(5,2.6), layout='constrained')
    seen = [o['seen']/1e6 for o in rows]
    for key,label in [('folded', 'ignoring case'), ('exact', 'exact match')]: ax.plot(seen, [o[key] for o in rows], label=label)
    ax.set(xlabel='million images seen', ylabel='share of 1,000 images', ylim=(0,1), xlim=(0,None))
    ax.set_title(f'Pretraining: {rows[-1]["folded"]:.1%} of held-out synthetic images after {seen[-1]:.2f} million', fontsize=9)
    ax.legend(fontsize=8, frameon=False)
    fig.savefig(file, dpi=110)

MAX_LOSS = .005  # share of images that the 8-bit model may read worse than the float one

def quantize(learn, samples, config):
    "The 8-bit network, what it reads in `samples`, the share of texts that stay the same, and the share that the float network reads right."
    with tempfile.TemporaryDirectory() as d:
        float_file, int8_file = Path(d)/'float.onnx', Path(d)/'int8.onnx'
        export_reader(learn, config, float_file, samples[:300])
        proto = quantized(onnx.load(float_file), [to_pixels(open_image(s.file), learn.dls.geometry) for s in samples[-256:]])
        int8_file.write_bytes(seal(proto, config))
        floats, read = [list(Reader(o).read_many(s.file for s in samples)) for o in (float_file, int8_file)]
    before, after = [np.mean([r.text == s.text for r,s in zip(o, samples)]) for o in (floats, read)]
    if after < before-MAX_LOSS: raise SystemExit(f'not written: 8 bits read {after:.1%}, floats {before:.1%} of {len(samples):,} images')
    return proto, read, np.mean([a.text == b.text for a,b in zip(floats, read)]), before

def ship(state):
    model, charset, meta = load(state)
    with tempfile.TemporaryDirectory() as folder:
        samples = synthetic_samples(folder, N)
        learn = captcha_learner(captcha_dls(samples[:64], samples[64:128], charset, geometry=model.geometry), model=model)
        config = {**model_config(learn.dls, model), 'views': VIEWS._asdict()}
        proto, read, same, floats = quantize(learn, samples, config)
    right = [r.text == s.text for r,s in zip(read, samples)]
    calibrate = fit_platt([r.confidence for r in read], right)
    legible_from = float(np.quantile(calibrate([r.confidence for r,ok in zip(read, right) if ok]), .01))
    config |= {'calibration': calibrate.to_dict(), 'legible_from': round(legible_from, 4), 'description': 'Latin letters, digits and +-/= in any style',
               'n_train': meta['at']['seen'], 'score': f'{sum(right)}/{len(right)} = {np.mean(right):.1%} exact match on held-out synthetic images'}
    with atomic_file(MODELS/f'{NAME}.onnx') as part: part.write_bytes(seal(proto, config))
    save_model(model.half(), model_config(learn.dls, model), MODELS/f'{NAME}.safetensors')
    folded = np.mean([(r.text or '').casefold() == s.text.casefold() for r,s in zip(read, samples)])
    low, high = wilson_interval(sum(right), len(right))
    at, size = meta['at'], lambda kind: (MODELS/f'{NAME}.{kind}').stat().st_size/1e6
    card = CARD.format(name=NAME, seen=at['seen'], charset=charset.chars, exact=np.mean(right), n=len(samples), low=low, high=high, folded=folded,
                       weights=sum(p.numel() for p in model.parameters()), network=json.dumps(meta['network']), hours=at['seconds']/3600,
                       decay=at['decay'] or 0, machine=platform.machine(), onnx_mb=size('onnx'), half_mb=size('safetensors'),
                       same=same, floats=floats, below=VIEWS.below, widths=' and '.join(f'{o:.0%}' for o in VIEWS.widths), legible_from=legible_from, date=time.strftime('%Y-%m-%d'))
    with atomic_file(MODELS/f'{NAME}.md') as part: part.write_text(card, encoding='utf-8')
    print(card)

if __name__ == '__main__':
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('state', type=Path, help='folder of scripts/pretrain.py')
    p.add_argument('--curve', action='store_true', help='plot the learning curve only')
    args = p.parse_args()
    plot_curve(args.state, ROOT/'nbs/images/pretraining.png')
    if not args.curve: ship(args.state)
