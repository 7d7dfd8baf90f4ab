"""Packages of a few small files, as the recipe's first step finds them: what its tests run on."""

import random
import zipfile

PLANTED = '''def has_close_elements(numbers, threshold):
    """ Check if in given list of numbers, are any two numbers closer to each other than
    given threshold.
    """
    for index, element in enumerate(numbers):
        for other in numbers[index + 1:]:
            if abs(element - other) < threshold:
                return True
    return False
'''


def module(number):
    """A source file like no other."""
    dice = random.Random(number)
    names = [f"{dice.choice(['load', 'parse', 'find', 'make'])}_{number}_{part}" for part in range(8)]
    return "\n\n".join(
        f'def {name}(path, value={dice.randrange(99)}):\n    """Work on {name}."""\n'
        f"    result = open(path).read().split({name[:3]!r})\n    return [part + {name!r} for part in result]\n"
        for name in names
    )


def wheel(folder, name, files, licence="MIT"):
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Name: {name}\nLicense-Expression: {licence}\n")
        for inside, text in files.items():
            archive.writestr(inside, text)
    return path
