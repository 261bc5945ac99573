internal import GRDB

/// Lists every change of the schema, oldest first. A published migration is never edited.
enum Migrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: images, files, models, embeddings", migrate: createFirstSchema)
        migrator.registerMigration("2: logged queries", migrate: createQueryLog)
        migrator.registerMigration("3: precision of embeddings", migrate: addPrecision)
        migrator.registerMigration("4: judgements", migrate: createJudgements)
        migrator.registerMigration("5: interactions", migrate: createInteractions)
        migrator.registerMigration("6: checksums of embeddings", migrate: addChecksums)
        migrator.registerMigration("7: rules, moved files", migrate: addRules)
        migrator.registerMigration("8: details, tags, visibility", migrate: addDetails)
        return migrator
    }

    /// Images are known by their content and files by their path: a moved or copied file is the same image.
    ///
    /// `embeddingChange` is a journal that triggers keep, so that no write can forget it; the index follows
    /// it. `path` has no type because names are bytes: text where they are UTF-8, a blob where not.
    private static func createFirstSchema(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE root (
                    id INTEGER PRIMARY KEY,
                    path NOT NULL UNIQUE,
                    scannedAt TEXT
                );
                CREATE TABLE scan (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    startedAt TEXT NOT NULL
                );
                CREATE TABLE image (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    contentHash BLOB NOT NULL UNIQUE CHECK (length(contentHash) = 32),
                    format TEXT NOT NULL,
                    width INTEGER NOT NULL CHECK (width > 0),
                    height INTEGER NOT NULL CHECK (height > 0),
                    byteCount INTEGER NOT NULL,
                    addedAt TEXT NOT NULL
                );
                CREATE TABLE file (
                    id INTEGER PRIMARY KEY,
                    path NOT NULL UNIQUE,
                    byteCount INTEGER NOT NULL,
                    modifiedAtNanoseconds INTEGER NOT NULL,
                    inode INTEGER NOT NULL,
                    imageID INTEGER REFERENCES image(id) ON DELETE CASCADE,
                    refusalReason TEXT,
                    refusalMessage TEXT,
                    scanID INTEGER NOT NULL,
                    missingSince TEXT,
                    CHECK ((imageID IS NULL) = (refusalReason IS NOT NULL)),
                    CHECK ((refusalReason IS NULL) = (refusalMessage IS NULL))
                );
                CREATE INDEX fileByImage ON file(imageID);
                CREATE INDEX refusedFile ON file(refusalReason) WHERE refusalReason IS NOT NULL;
                CREATE TABLE model (
                    id INTEGER PRIMARY KEY,
                    identity TEXT NOT NULL UNIQUE,
                    dimension INTEGER NOT NULL CHECK (dimension > 0)
                );
                CREATE TABLE embedding (
                    imageID INTEGER NOT NULL REFERENCES image(id) ON DELETE CASCADE,
                    modelID INTEGER NOT NULL REFERENCES model(id) ON DELETE CASCADE,
                    vector BLOB NOT NULL,
                    PRIMARY KEY (modelID, imageID)
                );
                CREATE INDEX embeddingByImage ON embedding(imageID);
                CREATE TABLE embeddingChange (
                    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                    modelID INTEGER NOT NULL,
                    imageID INTEGER NOT NULL,
                    UNIQUE (modelID, imageID) ON CONFLICT REPLACE
                );
                CREATE TRIGGER embeddingInserted AFTER INSERT ON embedding BEGIN
                    INSERT INTO embeddingChange (modelID, imageID) VALUES (NEW.modelID, NEW.imageID);
                END;
                CREATE TRIGGER embeddingUpdated AFTER UPDATE ON embedding BEGIN
                    INSERT INTO embeddingChange (modelID, imageID) VALUES (NEW.modelID, NEW.imageID);
                END;
                CREATE TRIGGER embeddingDeleted AFTER DELETE ON embedding BEGIN
                    INSERT INTO embeddingChange (modelID, imageID) VALUES (OLD.modelID, OLD.imageID);
                END;
                CREATE TABLE setting (
                    key TEXT PRIMARY KEY,
                    value TEXT NOT NULL
                );
                """
        )
    }

    /// The vectors of queries and nothing else of them: no picture, no path, no address.
    private static func createQueryLog(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE loggedQuery (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    modelID INTEGER NOT NULL REFERENCES model(id) ON DELETE CASCADE,
                    vector BLOB NOT NULL,
                    askedAt TEXT NOT NULL
                );
                CREATE INDEX loggedQueryByModel ON loggedQuery(modelID, id);
                """
        )
    }

    /// What people said about pairs of images; it goes with the images, and stays when their files move.
    private static func createJudgements(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE judgement (
                    queryID INTEGER NOT NULL REFERENCES image(id) ON DELETE CASCADE,
                    imageID INTEGER NOT NULL REFERENCES image(id) ON DELETE CASCADE,
                    grade INTEGER NOT NULL CHECK (grade BETWEEN 0 AND 5),
                    judgedAt TEXT NOT NULL,
                    UNIQUE (queryID, imageID)
                );
                CREATE INDEX judgementByImage ON judgement(imageID);
                """
        )
    }

    /// Which results were shown for an image of the library, at which position, and which of them were opened.
    private static func createInteractions(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE interaction (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    queryID INTEGER NOT NULL REFERENCES image(id) ON DELETE CASCADE,
                    at TEXT NOT NULL
                );
                CREATE INDEX interactionByQuery ON interaction(queryID);
                CREATE TABLE impression (
                    interactionID INTEGER NOT NULL REFERENCES interaction(id) ON DELETE CASCADE,
                    position INTEGER NOT NULL CHECK (position > 0),
                    imageID INTEGER NOT NULL REFERENCES image(id) ON DELETE CASCADE,
                    clicked INTEGER NOT NULL,
                    PRIMARY KEY (interactionID, position)
                ) WITHOUT ROWID;
                CREATE INDEX impressionByImage ON impression(imageID);
                """
        )
    }

    /// What the network multiplied when it made a vector. Until then there was float32 only.
    private static func addPrecision(_ database: Database) throws {
        try database.execute(
            sql: """
                ALTER TABLE embedding ADD COLUMN precision TEXT NOT NULL DEFAULT 'float32';
                CREATE INDEX embeddingByPrecision ON embedding(modelID, precision);
                """
        )
    }

    /// Vectors that are there are taken as they are: nothing tells whether they were damaged before. The trigger is
    /// away meanwhile, or every index would take all of them in again.
    private static func addChecksums(_ database: Database) throws {
        database.add(function: EmbeddingChecksum.function)
        defer { database.remove(function: EmbeddingChecksum.function) }
        try database.execute(
            sql: """
                ALTER TABLE embedding ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
                DROP TRIGGER embeddingUpdated;
                UPDATE embedding SET checksum = embeddingChecksum(modelID, imageID, precision, vector);
                CREATE TRIGGER embeddingUpdated AFTER UPDATE ON embedding BEGIN
                    INSERT INTO embeddingChange (modelID, imageID) VALUES (NEW.modelID, NEW.imageID);
                END;
                """
        )
    }

    /// Rules of folders; moved files are found by what stays the same. Walks keep what they have seen to themselves: a file
    /// that has not changed costs no write.
    private static func addRules(_ database: Database) throws {
        try database.execute(
            sql: """
                ALTER TABLE root ADD COLUMN rules TEXT NOT NULL DEFAULT '{"excludes":[],"includes":[]}';
                ALTER TABLE root DROP COLUMN scannedAt;
                ALTER TABLE file DROP COLUMN scanID;
                DROP TABLE scan;
                CREATE INDEX fileByInode ON file(inode);
                """
        )
    }

    /// What searches filter by. An image without a perceptual hash was indexed by an older program: its file is read again
    /// in the next run.
    private static func addDetails(_ database: Database) throws {
        try database.execute(
            sql: """
                ALTER TABLE image ADD COLUMN perceptualHash INTEGER;
                ALTER TABLE image ADD COLUMN takenAt TEXT;
                ALTER TABLE image ADD COLUMN camera TEXT;
                ALTER TABLE image ADD COLUMN visibility INTEGER NOT NULL DEFAULT 0 CHECK (visibility BETWEEN 0 AND 2);
                CREATE INDEX hiddenImage ON image(visibility) WHERE visibility <> 0;
                CREATE TABLE tag (
                    imageID INTEGER NOT NULL REFERENCES image(id) ON DELETE CASCADE,
                    tag TEXT NOT NULL CHECK (tag <> ''),
                    UNIQUE (imageID, tag)
                );
                CREATE INDEX tagByName ON tag(tag);
                """
        )
    }
}
