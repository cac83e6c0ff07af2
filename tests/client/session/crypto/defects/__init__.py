"""That our machine has none of the defects D1 to D22 of matrix-nio 0.26.0, whose HTTP client we use.

Each case plays one scenario to the stock machine, where the defect must show (so that the case is known to be
able to fail), and to ours, where it must not.
"""
