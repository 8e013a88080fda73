-- Summaries hold how each verdict looked before anybody voted.
UPDATE summaries SET value = NULL;
