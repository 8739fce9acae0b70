"""python -m forain.cli"""

from forain.cli import main

main(prog_name="forain")
