"""The picture of the rules is that of the workflow."""

import re

import networkx as nx
import pytest

from docs.hooks.rule_graph import drawn, rule_graph
from tests.conftest import ROOT

PICTURE = (ROOT / "docs/images/rules.svg").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def graph():
    return rule_graph()


def test_the_picture_is_up_to_date(graph):
    assert drawn(graph) == PICTURE


def test_it_has_every_rule_of_a_study_that_trains():
    rules = "".join(file.read_text() for file in (ROOT / "workflow/rules").glob("*.smk"))
    named = set(re.findall(r"^rule (\w+):", rules, re.M))
    # networks that are already trained; and what no study needs
    elsewhere = {"take_network", "compare"}
    assert set(re.findall(r">([\w*]+)</text>", PICTURE)) == named - elsewhere | {"figure_*", "all"}


def test_its_arrows_say_which_rule_waits_for_which(graph):
    assert nx.has_path(graph, "dataset", "all")
    assert graph.has_edge("train_network", "curvature_network")
    assert not graph.has_edge("curvature_network", "train_network")
    # those that are left out are implied by others
    assert PICTURE.count("<path ") == nx.transitive_reduction(nx.condensation(graph)).size()
