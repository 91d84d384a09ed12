import pytest

from advscape.atomic import replacing, write_text


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    file = tmp_path / "table.csv"
    write_text(file, "old")

    def fail():
        with replacing(file) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_folders_are_made_and_the_suffix_is_kept(tmp_path):
    file = tmp_path / "a/b/figure.png"
    with replacing(file) as temporary:
        assert temporary.suffix == ".png"
        temporary.write_bytes(b"x")
    assert file.read_bytes() == b"x"
