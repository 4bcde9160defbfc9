"""The cheat sheet: its table is counted, and agrees with the networks themselves."""

import family_facts
from bs4 import BeautifulSoup

from course import ROOT
from densenet_lesson import arithmetic
from densenet_lesson.configs import DENSENETS

PAGE = ROOT / "_build" / "html" / "book" / "cheat_sheet.html"


def test_a_network_counted_on_paper_has_as_many_parameters_as_the_network():
    for name, config in DENSENETS.items():
        assert family_facts.count(config) == arithmetic.parameters(config), name


def test_the_page_has_a_row_for_each_densenet_with_its_parameters():
    page = BeautifulSoup(PAGE.read_text(encoding="utf-8"), "html.parser")
    tables = {tuple(th.text for th in table.select("thead th")): table for table in page("table")}
    rows = tables[family_facts.HEAD].select("tbody tr")
    shown = {row.find_all("td")[0].text: row.find_all("td")[-1].text for row in rows}
    assert shown == {row[0]: row[-1] for row in family_facts.family()} and len(shown) > 10


def test_the_front_page_leads_to_the_cheat_sheet_and_to_the_museum():
    front = (PAGE.parent / "index.html").read_text(encoding="utf-8")
    links = {link.get("href") for link in BeautifulSoup(front, "html.parser").select("main a")}
    assert {"cheat_sheet.html", "../notebooks/a1_museum.html"} <= links
