"Read short texts in images: `from captcha_ocr import Reader`."
__version__ = "0.1.0"

__all__ = ['Reader', 'read']

def __getattr__(name):
    "`Reader` and `read`, imported when they are first used (PEP 562): `import captcha_ocr` stays fast."
    if name in __all__:
        from . import reader
        return getattr(reader, name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')

def __dir__(): return [*globals(), *__all__]
