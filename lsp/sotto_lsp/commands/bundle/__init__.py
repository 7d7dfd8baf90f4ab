"""`sotto bundle`: one file that installs Sotto, models and editor plugins where there is no network."""
