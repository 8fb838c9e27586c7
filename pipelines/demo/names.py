"""The words that the demo company is made of: all of them fit into Latin-1."""

FIRST_NAMES = (
    "Maya", "Liam", "Sofía", "José", "Zoë", "François", "Jürgen", "Anaïs", "Siân", "Noah",
    "Olivia", "Emma", "Lucas", "Inés", "Björn", "Chloé", "Mateo", "Aoife", "Hugo", "Léa",
    "Grace", "Owen", "Núria", "Ethan", "Amélie", "Käthe", "Diego", "Priya", "Søren", "Hannah",
)  # fmt: skip

LAST_NAMES = (
    "Okafor", "Berg", "Núñez", "Müller", "O'Neil", "García", "Dubois", "Weiß", "Lefèvre", "Smith",
    "Johansson", "Ibáñez", "Brown", "Ruiz", "Çelik", "Muñoz", "Walsh", "Schröder", "Peña", "Cole",
    "Fontaine", "Åkesson", "Murphy", "Lopes", "Krüger", "Davies", "Sørensen", "Martin", "Gómez",
    "Young",
)  # fmt: skip

COMPANY_NAMES = (
    "Northwind", "Harbor", "Álamo", "Lumière", "Grünwald", "Redwood", "Estrella", "Kestrel",
    "Águila", "Brück", "Clearwater", "Señorío", "Maple", "Orchard", "Fjord", "Tamarind",
)  # fmt: skip

COMPANY_KINDS = (
    "Clínicas", '"Fresh" Foods', "Logistik", "Studios", "Café", "Systems", "Möbel", "Partners",
    "Atelier", "Outfitters", "& Söhne", "Labs",
)  # fmt: skip

INDUSTRIES = ("Healthcare", "Retail", "Technology", "Education", "Manufacturing", "Hospitality")

SEGMENTS = ("SMB", "Mid-Market", "Enterprise")

COUNTRY_CODES = ("US", "CA", "GB", "MX", "CO", "IE", "DE", "FR", "ES")
COUNTRY_NAMES = (
    "United States", "Canada", "United Kingdom", "México", "Colombia", "Ireland", "Germany",
    "France", "España",
)  # fmt: skip
COUNTRY_SHARES = (0.48, 0.08, 0.10, 0.05, 0.05, 0.04, 0.08, 0.06, 0.06)
CITIES = (
    "Boston", "Montréal", "Bristol", "Mérida", "Bogotá", "Dublin", "Köln", "Orléans", "Málaga",
)  # fmt: skip
REGIONS = ("NA", "NA", "EMEA", "LATAM", "LATAM", "EMEA", "EMEA", "EMEA", "EMEA")
FIRST_EURO_COUNTRY = 5
"""From here on a country's customers pay in euro, the others in US dollars."""

LANGUAGES = ("EN", "ES-ES", "DE", "FR")
COUNTRY_LANGUAGES = (0, 0, 0, 1, 1, 0, 2, 3, 1)
"""The index of each country's language."""

TEAM_NAMES = ("Aurora", "Basalt", "Cedar", "Delta", "Ember", "Fjell", "Granite", "Heron")

CASE_SUBJECTS = (
    'Says "Access denied", can\'t log in', "Duplicate charge on invoice", "¿Dónde está mi factura?",
    "Rechnung fehlt", "Où est ma commande ?", "Export is slow", "Question about seats",
    "Parcel arrived damaged", "Change of billing address", "How do I reset two-factor login?",
)  # fmt: skip
CASE_TYPES = ("Problem", "Question", "Feature Request")
CASE_ORIGINS = ("Email", "Phone", "Web", "Chat")
CASE_PRIORITIES = ("Low", "Medium", "High")
CASE_REASONS = ("Billing", "Delivery", "Access", "Usage")

PRODUCTS = (
    "Crew Tee - Black / S", "Crew Tee - Black / M", "Mug", 'Poster 24" × 36"', "Tote, natural",
    "Notebook A5", "Gift Card", "Thermo Flask",
)  # fmt: skip
PRODUCT_CODES = (
    "TEE-BLK-S", "TEE-BLK-M", "MUG", "POSTER-24", "TOTE", "NOTE-A5", "GIFT", "FLASK",
)  # fmt: skip

COMMENTS = {
    "detractor": (
        ("Waited three days for an answer.", "Too expensive, and\nthe export keeps failing.",
         'Still "Access denied", nobody called back.'),
        ("Muy lento, no volveré.", "Caro para lo que ofrece.", "Nadie contestó, ni una vez."),
        ("Zu langsam, zu teuer.", "Rechnung war falsch, schon wieder.", "Keine Antwort erhalten."),
        ("Trop cher, trop lent.", "Personne ne répond.", "Déçu, très déçu."),
    ),
    "passive": (
        ("Does the job.", "Fine, but the price went up.", "OK"),
        ("Cumple.", "Bien, pero caro.", "Normal"),
        ("Ganz in Ordnung.", "Gut, aber nicht billig.", "Passt"),
        ("Correct.", "Bien, mais un peu cher.", "Ça va"),
    ),
    "promoter": (
        ("Solved quickly,\nthank you!", "Love it.", "Great people, fast delivery."),
        ("¡Excelente servicio!", "Rápido y amable.", "Muy buena atención."),
        ("Sehr schnelle Hilfe, danke!", "Super Qualität.", "Gerne wieder."),
        ("Très bon accueil, merci !", "Rapide et efficace.", "Parfait."),
    ),
}  # fmt: skip
"""What people write, by band and language."""

THEME_WORDS = {
    "price": (
        ("en", "expensive"), ("en", "price"), ("es", "caro"), ("de", "teuer"), ("de", "billig"),
        ("fr", "cher"),
    ),
    "speed": (
        ("en", "quickly"), ("en", "fast"), ("es", "lento"), ("es", "rápido"), ("de", "langsam"),
        ("de", "schnell*"), ("fr", "lent"), ("fr", "rapide*"),
    ),
    "no answer": (
        ("en", "waited"), ("en", "nobody called"), ("es", "nadie contestó"),
        ("de", "keine Antwort"), ("fr", "personne ne répond"),
    ),
    "invoice": (("de", "Rechnung*"),),
    "access": ((None, "access denied"),),
}  # fmt: skip
"""The dictionary of themes: languages and words by which a comment names each."""

THEME_COMMENTS = {
    "price": (
        "Too expensive, and\nthe export keeps failing.", "Fine, but the price went up.",
        "Caro para lo que ofrece.", "Bien, pero caro.", "Zu langsam, zu teuer.",
        "Gut, aber nicht billig.", "Trop cher, trop lent.", "Bien, mais un peu cher.",
    ),
    "speed": (
        "Solved quickly,\nthank you!", "Great people, fast delivery.", "Muy lento, no volveré.",
        "Rápido y amable.", "Zu langsam, zu teuer.", "Sehr schnelle Hilfe, danke!",
        "Trop cher, trop lent.", "Rapide et efficace.",
    ),
    "no answer": (
        "Waited three days for an answer.", 'Still "Access denied", nobody called back.',
        "Nadie contestó, ni una vez.", "Keine Antwort erhalten.", "Personne ne répond.",
    ),
    "invoice": ("Rechnung war falsch, schon wieder.",),
    "access": ('Still "Access denied", nobody called back.',),
}  # fmt: skip
"""The comments that are about each theme, as a reader would say."""

ASCII = str.maketrans("áéíóúñüöäßçèêëïâåøÁÅÇ", "aeiounuoasceeeiaaoaac", "' ")
"""How names are spelt in addresses."""
