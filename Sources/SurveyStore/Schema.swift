internal import GRDB

/// The migrations of a survey database.
///
/// A migration that was released never changes.
enum Schema {
  /// SQLite's `application_id`: "FISH".
  static let applicationID = 0x4649_5348

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 survey") { database in
      try database.execute(sql: tables)
      try database.execute(sql: verdicts)
      try database.execute(sql: countingViews)
      try database.execute(sql: partnerViews)
      try database.execute(sql: "PRAGMA application_id = \(applicationID)")
    }
    migrator.registerMigration("2 backgrounds") { database in
      try database.execute(sql: backgrounds)
    }
    migrator.registerMigration("3 evidence") { database in
      try database.execute(sql: evidence)
    }
    migrator.registerMigration("4 full hash") { database in
      try database.execute(sql: fullHash)
    }
    migrator.registerMigration("5 usable windows") { database in
      try database.execute(sql: usableWindows)
    }
    return migrator
  }

  private static let tables = """
    CREATE TABLE site (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE
    ) STRICT;

    CREATE TABLE deployment (
      id INTEGER PRIMARY KEY,
      site_id INTEGER NOT NULL REFERENCES site,
      opcode TEXT NOT NULL,
      folder TEXT NOT NULL,               -- absolute path of the folder it was read from
      latitude_dd REAL, longitude_dd REAL,
      date_time TEXT,                     -- ISO 8601 with offset
      depth_m REAL, location TEXT, status TEXT,
      successful_count INTEGER,           -- 0 keeps the deployment out of tallies
      observer_count TEXT, clock_offset_s REAL, time_zone TEXT, comment TEXT,
      other TEXT,                         -- a manifest's further columns, a JSON object
      UNIQUE (site_id, opcode)
    ) STRICT;

    -- One content, however many files have it.
    CREATE TABLE media (
      id INTEGER PRIMARY KEY,
      content_hash TEXT NOT NULL UNIQUE,
      size INTEGER NOT NULL,
      kind TEXT NOT NULL,                 -- video, photo
      codec TEXT NOT NULL,
      width INTEGER NOT NULL, height INTEGER NOT NULL,
      duration_s REAL,
      creation_time TEXT,
      time_base_numerator INTEGER NOT NULL, time_base_denominator INTEGER NOT NULL
    ) STRICT;

    -- One file. Without media: it cannot be read, and reason says why.
    CREATE TABLE recording (
      id INTEGER PRIMARY KEY,
      deployment_id INTEGER NOT NULL REFERENCES deployment,
      media_id INTEGER REFERENCES media,
      path TEXT NOT NULL UNIQUE,          -- absolute
      name TEXT NOT NULL,                 -- relative to the folder of the deployment
      position INTEGER NOT NULL DEFAULT 0,  -- in the order in which they were made
      size INTEGER, modified REAL,        -- of the file when its content was hashed
      status TEXT NOT NULL CHECK (status IN ('readable', 'failed')),
      reason TEXT,
      CHECK ((status = 'failed') = (reason IS NOT NULL))
    ) STRICT;
    CREATE INDEX recording_deployment ON recording (deployment_id);
    CREATE INDEX recording_media ON recording (media_id);

    -- One model with one set of options.
    CREATE TABLE run (
      id INTEGER PRIMARY KEY,
      model_name TEXT NOT NULL, model_version TEXT NOT NULL, model_hash TEXT NOT NULL,
      options TEXT NOT NULL,              -- canonical text of all that changes results
      sample TEXT NOT NULL, decoder TEXT NOT NULL, floor REAL NOT NULL,
      grid_width INTEGER NOT NULL, grid_height INTEGER NOT NULL,
      program_version TEXT NOT NULL, machine TEXT NOT NULL, created_at TEXT NOT NULL,
      UNIQUE (model_hash, options)
    ) STRICT;

    CREATE TABLE run_label (
      id INTEGER PRIMARY KEY,
      run_id INTEGER NOT NULL REFERENCES run,
      position INTEGER NOT NULL,
      label TEXT NOT NULL,
      scientific_name TEXT, common_name TEXT, aphia_id INTEGER,
      threshold REAL NOT NULL,
      UNIQUE (run_id, position), UNIQUE (run_id, label)
    ) STRICT;

    -- What one run did with one content.
    CREATE TABLE pass (
      id INTEGER PRIMARY KEY,
      run_id INTEGER NOT NULL REFERENCES run,
      media_id INTEGER NOT NULL REFERENCES media,
      status TEXT NOT NULL CHECK (status IN ('running', 'done', 'partial', 'failed')),
      reason TEXT,
      start_s REAL, end_s REAL,           -- of the video that could be read
      program_version TEXT NOT NULL, machine TEXT NOT NULL,
      started_at TEXT NOT NULL, finished_at TEXT,
      UNIQUE (run_id, media_id)
    ) STRICT;
    CREATE INDEX pass_media ON pass (media_id);

    -- One frame that was looked at; a frame without detections is a row too.
    CREATE TABLE frame (
      id INTEGER PRIMARY KEY,
      pass_id INTEGER NOT NULL REFERENCES pass ON DELETE CASCADE,
      pts INTEGER NOT NULL,
      pts_s REAL NOT NULL,                -- pts times the time base
      status TEXT NOT NULL CHECK (status IN ('ok', 'damaged')),
      UNIQUE (pass_id, pts)
    ) STRICT;

    CREATE TABLE detection (
      id INTEGER PRIMARY KEY,
      frame_id INTEGER NOT NULL REFERENCES frame ON DELETE CASCADE,
      run_label_id INTEGER NOT NULL REFERENCES run_label,
      x REAL NOT NULL, y REAL NOT NULL,   -- normalised, origin upper left, upright frame
      width REAL, height REAL,
      score REAL NOT NULL
    ) STRICT;
    CREATE INDEX detection_frame ON detection (frame_id);
    """

  private static let backgrounds = """
    -- What a pass of a model with motion has seen motion against, for each stretch of a recording.
    CREATE TABLE background (
      id INTEGER PRIMARY KEY,
      pass_id INTEGER NOT NULL REFERENCES pass ON DELETE CASCADE,
      stretch INTEGER NOT NULL,           -- number, from 0
      start_s REAL NOT NULL, end_s REAL NOT NULL,
      status TEXT NOT NULL CHECK (status IN
        ('still',                         -- motion was seen against the picture
         'moving',                        -- the camera moves: looked at without motion
         'none')),                        -- too few frames: looked at without motion
      level REAL,                         -- mean motion of the picture's own frames, 0 to 255
      picture BLOB,                       -- PNG at the model's input size
      UNIQUE (pass_id, stretch),
      CHECK ((status = 'none') = (picture IS NULL) AND (status = 'none') = (level IS NULL))
    ) STRICT;
    """

  private static let evidence = """
    -- Pictures of frames in which more individuals of a label were counted than before in their
    -- pass, so that reviews need no video; at the end of a pass the last three of each label stay.
    CREATE TABLE evidence (
      frame_id INTEGER PRIMARY KEY REFERENCES frame ON DELETE CASCADE,
      picture BLOB NOT NULL               -- JPEG
    ) STRICT;

    -- 1: something was damaged or out of order; a look that was stopped goes on by decoding all of
    -- the file again, since seeking would change what follows.
    ALTER TABLE pass ADD COLUMN flawed INTEGER NOT NULL DEFAULT 0;
    """

  private static let fullHash = """
    -- SHA-256 of all of a content, where that was asked for. content_hash reads samples of large
    -- files; of contents whose samples are the same, those that come later have the full hash there.
    ALTER TABLE media ADD COLUMN full_hash TEXT;
    CREATE UNIQUE INDEX media_full_hash ON media (full_hash) WHERE full_hash IS NOT NULL;
    """

  private static let usableWindows = """
    -- How frames look as a whole: the first of each second of video that is looked at. See
    -- FrameAppearance for what is measured.
    CREATE TABLE appearance (
      frame_id INTEGER PRIMARY KEY REFERENCES frame ON DELETE CASCADE,
      brightness REAL NOT NULL,           -- mean luma, 0 to 255; dark below 20
      detail REAL NOT NULL,               -- mean deviation within blocks; turbid below 4
      blocks BLOB NOT NULL                -- mean luma of 8 x 6 blocks, a byte each
    ) STRICT;

    -- Seconds into the deployment, as a manifest says; 'auto': descent and retrieval are looked for.
    ALTER TABLE deployment ADD COLUMN usable_from_s REAL;
    ALTER TABLE deployment ADD COLUMN usable_to_s REAL;
    ALTER TABLE deployment ADD COLUMN trim TEXT CHECK (trim IN ('auto', 'off'));

    -- The part of a recording that counts, in its own seconds; recordings without a row count whole.
    CREATE TABLE usable_window (
      run_id INTEGER NOT NULL REFERENCES run,
      recording_id INTEGER NOT NULL REFERENCES recording,
      from_s REAL NOT NULL, to_s REAL NOT NULL,
      source TEXT NOT NULL CHECK (source IN ('manifest', 'auto')),
      PRIMARY KEY (run_id, recording_id)
    ) STRICT;

    DROP VIEW counted_frame;
    -- A content that lies twice in one deployment counts once; a damaged frame shows what is not
    -- there, and does not count; nor does what lies outside of a usable window.
    CREATE VIEW counted_frame AS
      SELECT p.run_id, r.deployment_id, r.id AS recording_id, f.id AS frame_id, f.pts, f.pts_s,
        p.start_s
      FROM recording r JOIN pass p ON p.media_id = r.media_id JOIN frame f ON f.pass_id = p.id
        LEFT JOIN unusable_frame u ON u.frame_id = f.id
        LEFT JOIN usable_window w ON w.run_id = p.run_id AND w.recording_id = r.id
      WHERE r.status = 'readable' AND p.status IN ('done', 'partial') AND f.status = 'ok'
        AND u.frame_id IS NULL
        AND (w.run_id IS NULL OR f.pts_s BETWEEN w.from_s AND w.to_s)
        AND NOT EXISTS (SELECT 1 FROM recording twin WHERE twin.media_id = r.media_id
          AND twin.deployment_id = r.deployment_id AND (twin.position, twin.id) < (r.position, r.id));

    DROP VIEW effort;
    -- Minutes that count, and how many of them are dark or turbid (by the frames that were measured).
    CREATE VIEW effort AS
      WITH part AS (
        SELECT r.id AS recording_id, p.id AS pass_id, p.run_id, w.source,
          MAX(p.start_s, COALESCE(w.from_s, p.start_s)) AS from_s,
          MAX(p.start_s, COALESCE(w.from_s, p.start_s), MIN(p.end_s, COALESCE(w.to_s, p.end_s)))
            AS to_s
        FROM recording r JOIN pass p ON p.media_id = r.media_id
          LEFT JOIN usable_window w ON w.run_id = p.run_id AND w.recording_id = r.id),
      looked AS (
        SELECT t.pass_id, t.recording_id, COUNT(*) AS measured, SUM(a.brightness < 20) AS dark,
          SUM(a.brightness >= 20 AND a.detail < 4) AS turbid
        FROM part t JOIN frame f ON f.pass_id = t.pass_id JOIN appearance a ON a.frame_id = f.id
        WHERE f.pts_s BETWEEN t.from_s AND t.to_s
        GROUP BY t.pass_id, t.recording_id)
      SELECT p.run_id, s.name AS site, d.opcode, r.path AS recording,
        p.status, COALESCE(p.reason, r.reason) AS reason,
        (SELECT COUNT(*) FROM frame f WHERE f.pass_id = p.id
          AND (t.source IS NULL OR f.pts_s BETWEEN t.from_s AND t.to_s)) AS frames,
        MAX(0, t.to_s - t.from_s) / 60.0 AS effort_min, n.sample AS sample_period_s,
        n.model_name || ' ' || n.model_version AS model,
        t.from_s AS usable_from_s, t.to_s AS usable_to_s, t.source AS trimmed_by,
        MAX(0, t.to_s - t.from_s) / 60.0 * l.dark / l.measured AS dark_min,
        MAX(0, t.to_s - t.from_s) / 60.0 * l.turbid / l.measured AS turbid_min
      FROM recording r JOIN deployment d ON d.id = r.deployment_id
        JOIN site s ON s.id = d.site_id
        LEFT JOIN pass p ON p.media_id = r.media_id LEFT JOIN run n ON n.id = p.run_id
        LEFT JOIN part t ON t.recording_id = r.id AND t.pass_id = p.id
        LEFT JOIN looked l ON l.recording_id = r.id AND l.pass_id = p.id;
    """

  private static let verdicts = """
    CREATE TABLE verdict (
      id INTEGER PRIMARY KEY,
      kind TEXT NOT NULL CHECK (kind IN
        ('confirm', 'reject', 'rename', 'add', 'move', 'unusable', 'comment', 'undo')),
      detection_id INTEGER REFERENCES detection,
      frame_id INTEGER REFERENCES frame,
      recording_id INTEGER REFERENCES recording,
      verdict_id INTEGER REFERENCES verdict,  -- an earlier 'add' that this is about
      label TEXT, scientific_name TEXT, common_name TEXT, aphia_id INTEGER,
      x REAL, y REAL,
      comment TEXT,
      reviewer TEXT NOT NULL,
      created_at TEXT NOT NULL,
      CHECK ((detection_id IS NOT NULL) + (frame_id IS NOT NULL) + (recording_id IS NOT NULL)
        + (verdict_id IS NOT NULL) = 1),
      CHECK (kind NOT IN ('rename', 'add') OR label IS NOT NULL)
    ) STRICT;
    CREATE INDEX verdict_detection ON verdict (detection_id) WHERE detection_id IS NOT NULL;
    CREATE INDEX verdict_frame ON verdict (frame_id) WHERE frame_id IS NOT NULL;
    CREATE TRIGGER verdict_is_never_changed BEFORE UPDATE ON verdict
      BEGIN SELECT RAISE(ABORT, 'verdicts are only ever added'); END;
    CREATE TRIGGER verdict_is_never_removed BEFORE DELETE ON verdict
      BEGIN SELECT RAISE(ABORT, 'verdicts are only ever added'); END;
    """

  private static let countingViews = """
    -- MAX(id) makes the other columns those of the newest row.
    CREATE VIEW newest_verdict AS
      SELECT detection_id, MAX(id) AS verdict_id, kind, label, reviewer, created_at
      FROM verdict
      WHERE detection_id IS NOT NULL AND kind IN ('confirm', 'reject', 'rename', 'undo')
      GROUP BY detection_id;

    CREATE VIEW unusable_frame AS
      SELECT frame_id FROM (
        SELECT frame_id, MAX(id), kind FROM verdict
        WHERE frame_id IS NOT NULL AND kind IN ('unusable', 'undo') GROUP BY frame_id)
      WHERE kind = 'unusable';

    -- What machine and reviewers say of each detection: label, and whether it stands.
    CREATE VIEW judged_detection AS
      SELECT d.id AS detection_id, d.frame_id, l.run_id, d.x, d.y, d.score, l.threshold,
        l.label AS machine_label,
        CASE v.kind WHEN 'rename' THEN v.label ELSE l.label END AS label,
        NULLIF(v.kind, 'undo') AS verdict, v.reviewer
      FROM detection d JOIN run_label l ON l.id = d.run_label_id
        LEFT JOIN newest_verdict v ON v.detection_id = d.id;

    -- A content that lies twice in one deployment counts once; a damaged frame shows what is not
    -- there, and does not count.
    CREATE VIEW counted_frame AS
      SELECT p.run_id, r.deployment_id, r.id AS recording_id, f.id AS frame_id, f.pts, f.pts_s,
        p.start_s
      FROM recording r JOIN pass p ON p.media_id = r.media_id JOIN frame f ON f.pass_id = p.id
        LEFT JOIN unusable_frame u ON u.frame_id = f.id
      WHERE r.status = 'readable' AND p.status IN ('done', 'partial') AND f.status = 'ok'
        AND u.frame_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM recording twin WHERE twin.media_id = r.media_id
          AND twin.deployment_id = r.deployment_id AND (twin.position, twin.id) < (r.position, r.id));

    -- Individuals in each frame at the model's own thresholds.
    CREATE VIEW frame_count AS
      SELECT c.run_id, c.deployment_id, c.recording_id, c.frame_id, c.pts_s, j.label,
        COUNT(*) AS individuals
      FROM counted_frame c JOIN judged_detection j ON j.frame_id = c.frame_id
      WHERE j.verdict IN ('confirm', 'rename')
        OR (j.verdict IS NULL AND j.score >= j.threshold)
      GROUP BY c.recording_id, c.frame_id, j.label;
    """

  private static let partnerViews = """
    CREATE VIEW effort AS
      SELECT p.run_id, s.name AS site, d.opcode, r.path AS recording,
        p.status, COALESCE(p.reason, r.reason) AS reason,
        (SELECT COUNT(*) FROM frame f WHERE f.pass_id = p.id) AS frames,
        (p.end_s - p.start_s) / 60.0 AS effort_min, n.sample AS sample_period_s,
        n.model_name || ' ' || n.model_version AS model
      FROM recording r JOIN deployment d ON d.id = r.deployment_id
        JOIN site s ON s.id = d.site_id
        LEFT JOIN pass p ON p.media_id = r.media_id LEFT JOIN run n ON n.id = p.run_id;

    CREATE VIEW maxn AS
      SELECT run_id, site, opcode, label, individuals AS max_n, recording, pts_s FROM (
        SELECT c.run_id, s.name AS site, d.opcode, c.label, c.individuals, r.path AS recording,
          c.pts_s, ROW_NUMBER() OVER (PARTITION BY c.run_id, c.deployment_id, c.label
            ORDER BY c.individuals DESC, r.position, r.path, c.pts_s) AS place
        FROM frame_count c JOIN recording r ON r.id = c.recording_id
          JOIN deployment d ON d.id = c.deployment_id JOIN site s ON s.id = d.site_id
        WHERE COALESCE(d.successful_count, 1) <> 0)
      WHERE place = 1;

    -- The run's labels, and those that reviewers gave to its detections.
    CREATE VIEW counted_label AS
      SELECT run_id, label, scientific_name, common_name, aphia_id, threshold, 1 AS is_sought
      FROM run_label
      UNION ALL
      SELECT l.run_id, v.label, MAX(v.scientific_name), MAX(v.common_name), MAX(v.aphia_id),
        MIN(l.threshold), 0
      FROM verdict v JOIN detection d ON d.id = v.detection_id
        JOIN run_label l ON l.id = d.run_label_id
      WHERE v.kind = 'rename'
        AND NOT EXISTS (SELECT 1 FROM run_label o WHERE o.run_id = l.run_id AND o.label = v.label)
      GROUP BY l.run_id, v.label;

    CREATE VIEW tally AS
      WITH looked_at AS (
        SELECT run_id, deployment_id, COUNT(*) AS frames FROM counted_frame
        GROUP BY run_id, deployment_id),
      seen AS (
        SELECT run_id, deployment_id, label, MAX(individuals) AS max_n,
          SUM(individuals) AS individuals
        FROM frame_count GROUP BY run_id, deployment_id, label)
      SELECT a.run_id, s.name AS site, d.opcode, l.label, l.scientific_name AS species,
        l.common_name, l.aphia_id, COALESCE(seen.max_n, 0) AS max_n,
        COALESCE(seen.individuals, 0) * 1.0 / a.frames AS mean_count, a.frames, l.threshold,
        n.sample AS sample_period_s, n.model_name || ' ' || n.model_version AS model
      FROM looked_at a JOIN deployment d ON d.id = a.deployment_id
        JOIN site s ON s.id = d.site_id JOIN run n ON n.id = a.run_id
        JOIN counted_label l ON l.run_id = a.run_id
        LEFT JOIN seen ON seen.run_id = a.run_id AND seen.deployment_id = a.deployment_id
          AND seen.label = l.label
      -- What a reviewer named somewhere was not sought everywhere: no zeros for it.
      WHERE COALESCE(d.successful_count, 1) <> 0 AND (l.is_sought OR seen.max_n IS NOT NULL);
    """
}
