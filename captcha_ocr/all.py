"Everything for notebooks: `from captcha_ocr.all import *` brings fastai's basics and the training side of the package."
from fastai.basics import *
from fastai.callback.all import *

from captcha_ocr.augment import *
from captcha_ocr.charset import *
from captcha_ocr.crossval import *
from captcha_ocr.ctc import *
from captcha_ocr.curve import *
from captcha_ocr.data import *
from captcha_ocr.decode import *
from captcha_ocr.diagnosis import *
from captcha_ocr.drift import *
from captcha_ocr.eda import *
from captcha_ocr.errors import *
from captcha_ocr.export import *
from captcha_ocr.fitting import *
from captcha_ocr.learner import *
from captcha_ocr.loaders import *
from captcha_ocr.losses import *
from captcha_ocr.metrics import *
from captcha_ocr.model import *
from captcha_ocr.reader import *
from captcha_ocr.report import *
from captcha_ocr.synth import *
from captcha_ocr.training import *
from captcha_ocr.transfer import *
