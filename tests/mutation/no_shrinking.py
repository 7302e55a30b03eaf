"""A plugin of pytest: a failed example of Hypothesis is reported as it was found, since one failure is enough."""

from hypothesis import Phase, settings

settings.register_profile("no-shrinking", settings.get_profile("ci"), phases=(Phase.explicit, Phase.generate))
