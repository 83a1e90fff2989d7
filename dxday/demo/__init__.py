"""Demo editions made of real facts; the people in them who are not in the facts carry plainly made-up names."""
