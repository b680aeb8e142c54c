"""A rulebook small enough to know by heart, with a reform in it."""

from __future__ import annotations

from pathlib import Path

import pytest

TINY = """\
caps.union:
  title: The cap | of the Union
  unit: allowances
  values:
    - from: 2013
      enacted: 2009-04-23
      value: 1_000_000
      source: { act: The Act, article: Article 9 }
      status: official
    - from: 2014
      enacted: 2009-04-23
      value: 900_000
      source: { act: The Act, article: Article 9 }
      status: derived
    - from: 2014
      enacted: 2013-06-01
      value: 800_000
      source: { act: The Reform, article: Article 1 }
      status: unconfirmed
      note: Read in <one> place only.

caps.reserve:
  title: A reserve
  values:
    - from: 2015
      enacted: 2013-06-01
      value: { intake: 12.0, members: [NO, CH] }
      source: { act: The Reform, article: Article 2 }
      status: secondary

penalty:
  title: A penalty
  unit: EUR per tonne
  values:
    - from: 2013
      until: 2014
      enacted: 2009-04-23
      value: 100
      source: { act: The Act, article: Article 16 }
      status: official
    - from: 2013
      enacted: 2013-06-01
      value: 100
      source: { act: The Reform, article: Article 3 }
      status: official
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The folder of the small rulebook."""
    folder = tmp_path / "tiny"
    (folder / "act").mkdir(parents=True)
    (folder / "act" / "law.yaml").write_text(TINY)
    return folder
