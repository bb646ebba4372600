"""Train the model that comes with the package, and write its card.

    python scripts/ship_model.py [DIR]

DIR is the folder of captcha_images_v2. Without it, the script searches the usual places (`captcha_ocr.data.download.find_dataset`)
and downloads the images if they are absent. Writes captcha_ocr/models/captcha_images_v2.onnx and captcha_images_v2.md."""
import json, platform, sys, tempfile, time
from pathlib import Path

import onnx
from rich.console import Console

from captcha_ocr.data.download import dataset_digest, download_dataset, find_dataset
from captcha_ocr.analysis.report import summary
from captcha_ocr.train.export import seal
from captcha_ocr.train.run import train_reader
from project import ROOT

NAME = 'captcha_images_v2'
CARD = """# {name}.onnx

Reads the captchas of captcha_images_v2: 200×50 pixels, five characters of `{charset}`. It comes with the package.
Texts that it reads in images of another style are wrong, and marked `unfamiliar`.

| | |
|---|---|
| data | captcha_images_v2 (Wilhelmy & Rosas, 2013; on Kaggle `fournierp/captcha-version-2-images`): {total:,} labelled images; SHA-256 over names and pixels `{digest}` |
| split | {n_train} for training, {n_valid} held out, by label, seed {seed} |
| score | {summary}, on the held-out images |
| calibration | expected calibration error {calibration_error:.2%} (5 folds); {coverage_at_99:.0%} of the held-out images can be read at 99% accuracy |
| recipe | `captcha-ocr train` with its defaults: {epochs} epochs, {seconds:.0f} s on {machine} |
| size | {kilobytes:.0f} KB, float32 |
| date | {date} |
| made by | `python scripts/ship_model.py` |

**Licence.** The weights are released with the package, under its licence. The images are not part of the package. They
belong to their authors, who publish them under their own terms.

**Use.** For research and learning, and for sites that you own or may test.
"""

def described(file, **facts):
    "The model in `file` with `facts` in its config, for `captcha-ocr models`."
    proto = onnx.load(file)
    config = json.loads({o.key: o.value for o in proto.metadata_props}['captcha_ocr'])
    del proto.metadata_props[:]
    return seal(proto, {**config, **facts})

def main(folder=None):
    data = Path(folder) if folder else find_dataset() or download_dataset()
    models = ROOT/'captcha_ocr'/'models'
    models.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as run:
        report = train_reader(data, run, console=Console(stderr=True))
        facts = dict(description='captchas of captcha_images_v2: 200x50 pixels, five characters', score=f'{summary(report)}, on held-out images')
        (models/f'{NAME}.onnx').write_bytes(described(Path(run)/'model.onnx', **facts))
    facts = {**report, 'total': report['n_train']+report['n_valid'], 'digest': dataset_digest(data), 'summary': summary(report), 'name': NAME,
             'kilobytes': (models/f'{NAME}.onnx').stat().st_size/1e3, 'date': time.strftime('%Y-%m-%d'),
             'machine': f'{platform.machine()}, Python {platform.python_version()}'}
    (models/f'{NAME}.md').write_text(CARD.format(**facts), encoding='utf-8')
    print(summary(report))

if __name__ == '__main__': main(*sys.argv[1:])
