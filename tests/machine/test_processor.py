import platform

import pytest

from advscape.machine.processor import bfloat16_flags, processor_cores, processor_name


def test_the_first_model_name_is_taken(tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: Another\n")
    assert processor_name(file) == "Some CPU @ 2 GHz"


def test_without_a_list_it_is_the_architecture(tmp_path):
    (tmp_path / "arm").write_text("processor\t: 0\n")  # as on ARM, which names none
    expected = platform.processor() or platform.machine()
    assert processor_name(tmp_path / "absent") == processor_name(tmp_path / "arm") == expected


def test_there_is_a_core_at_least():
    assert processor_cores() >= 1


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("flags\t\t: fpu avx512_bf16 amx_tile amx_bf16", ["amx_bf16", "avx512_bf16"]),
        ("flags\t\t: fpu avx512_bf16", ["avx512_bf16"]),
        ("flags\t\t: fpu avx2\nvmx flags\t: amx_bf16", []),
        ("Features\t: fp asimd bf16", None),  # ARM has other words, and other units
    ],
)
def test_bfloat16_arithmetic_is_read_from_the_flags(tmp_path, line, found):
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor\t: 0\n{line}\n")
    assert bfloat16_flags(file) == found
    assert bfloat16_flags(tmp_path / "absent") is None
