"""The letters that leave the plan: what they say comes from the record, here they become pages of paper."""
