/* How the search orders what it finds: as Sphinx does, but a chapter that has the words in its
   title comes first, before the package's classes of that name and the glossary. Sphinx puts this
   into a script of the search's own (`html_search_scorer`), which takes all of its numbers from here. */

var Scorer = {
  score: ([page, title, , , score]) => {
    const words = new URLSearchParams(window.location.search).get("q") || "";
    const taught = page.startsWith("notebooks/") && title.toLowerCase().includes(words.trim().toLowerCase());
    return taught ? score + 100 : score;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
