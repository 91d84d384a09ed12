"""The first import of every script of the workflow: it switches the garbage collector off.

Imports are quicker so. A running job (:func:`advscape.stages.job.running`) has it on again.
"""

import gc

gc.disable()
