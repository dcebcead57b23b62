-- The words of each order's texts, for people who look for one. Made from the order view, soon after the append, by the
-- consumer `order_words`; it can be made anew at any time.
CREATE TABLE ledger.order_words (
    site text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    words tsvector NOT NULL,
    PRIMARY KEY (site, order_id)
);
COMMENT ON COLUMN ledger.order_words.words IS 'Each with its site in front: site/word. One index serves all sites';
CREATE INDEX order_words_by_word ON ledger.order_words USING gin (words);

GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.order_words TO order_ledger_service;
