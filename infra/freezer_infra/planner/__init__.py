"""What is declared against what is there: the plan, and how it is carried out."""
