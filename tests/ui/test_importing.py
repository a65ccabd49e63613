"""The page starts without what Gradio does for editors when it is imported."""

import subprocess
import sys

SCRIPT = """
import inspect, sys
stubs = []
sys.addaudithook(lambda event, of: event == "open" and str(of[0]).endswith(".pyi") and stubs.append(of[0]))
import workbench.ui
import gradio
print(len(stubs), inspect.getfile(gradio.HTML) == inspect.getsourcefile(gradio.HTML))
"""


def test_no_stub_is_read_or_written_and_files_of_classes_are_known_afterwards():
    ended = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["0", "True"]
