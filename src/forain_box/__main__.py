"""python -m forain_box"""

import sys

from forain_box.server import main

sys.exit(main())
