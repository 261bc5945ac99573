"""The model cards that are committed are what the tools write from the weights, manifests and figures beside them."""

import json
import unittest
from pathlib import Path

import model_card
import trained_card

HERE = Path(__file__).resolve().parents[1]
MODELS = HERE.parents[1] / "Models"


class CommittedCardTests(unittest.TestCase):
    def test_the_trained_models_cards_are_those_of_their_figures(self) -> None:
        results = json.loads((HERE / "results" / "evaluation.json").read_text())
        for folder in (MODELS / "lookalike-base", MODELS / "lookalike-small"):
            notes = (HERE / "results" / f"{folder.name}.md").read_text()
            with self.subTest(folder.name):
                self.assertEqual(trained_card.card(folder, results, notes), (folder / "MODEL_CARD.md").read_text())

    def test_the_starts_card_is_that_of_its_figures(self) -> None:
        self.assertEqual(model_card.card(model_card.START), (model_card.START / "MODEL_CARD.md").read_text())


if __name__ == "__main__":
    unittest.main()
