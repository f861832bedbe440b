using Microsoft.Extensions.Configuration;
using StreamScorer.Operate;

namespace StreamScorer.Configure;

/// <summary>One option as it was given.</summary>
/// <param name="Key"><c>Section:Option</c>, or <c>Kafka:Properties:name</c>.</param>
/// <param name="Origin">Where it comes from, as a person calls it.</param>
internal sealed record GivenOption(string Key, string Value, string Origin);

/// <summary>
/// The three places that options come from, made one: the later one wins. In each of them <c>OPTION_FILE</c> names a file that holds the
/// option's value, as secrets are given to containers.
/// </summary>
internal sealed class ConfigurationSources
{
    private const string CommandLine = "command line";
    private const string FileSuffix = "_FILE";
    private const string Properties = "Kafka:Properties:";

    private readonly Dictionary<string, GivenOption> _options = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _faults = [];
    private readonly List<string> _warnings = [];

    private ConfigurationSources()
    {
    }

    /// <summary>What counts, by its key.</summary>
    public IReadOnlyDictionary<string, GivenOption> Options => _options;

    /// <summary>Files that cannot be read, and the like.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Secrets that others can see.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <param name="file">A configuration file that must exist; null: appsettings.json in the working directory, if there is one.</param>
    /// <param name="sets">Pairs <c>Section:Key=value</c>.</param>
    /// <exception cref="StartupException">The file is missing or no JSON, or a pair is none.</exception>
    public static ConfigurationSources Read(string? file, IReadOnlyList<string> sets)
    {
        var path = Path.GetFullPath(file ?? "appsettings.json");
        if (file is not null && !File.Exists(path))
        {
            throw new StartupException($"The configuration file '{file}' does not exist. Name another with --config, or leave the option out.");
        }

        var sources = new ConfigurationSources();
        try
        {
            sources.Add(new ConfigurationBuilder().AddJsonFile(path, optional: true), path);
        }
        catch (InvalidDataException e)
        {
            throw new StartupException($"The configuration file '{path}' is not valid JSON: {(e.InnerException ?? e).Message}");
        }

        sources.Add(new ConfigurationBuilder().AddEnvironmentVariables(SettingsLoader.EnvironmentPrefix), "environment");
        sources.Add(new ConfigurationBuilder().AddInMemoryCollection(Pairs(sets)), CommandLine);
        sources.LookAfterSecrets(path);
        return sources;
    }

    /// <summary>The options that count, for binding.</summary>
    public IConfiguration Configuration()
        => new ConfigurationBuilder().AddInMemoryCollection(_options.Values.Select(option => KeyValuePair.Create(option.Key, (string?)option.Value))).Build();

    private void Add(IConfigurationBuilder builder, string origin)
    {
        var given = builder.Build().AsEnumerable().Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value!, StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in given)
        {
            if (!key.EndsWith(FileSuffix, StringComparison.OrdinalIgnoreCase))
            {
                Put(Name(key), value, origin);
            }
            else if (given.ContainsKey(key[..^FileSuffix.Length]))
            {
                _faults.Add($"{key[..^FileSuffix.Length]} ({origin}): it is given both as a value and as a file ({FileSuffix}). Leave one of them out.");
            }
            else
            {
                PutFile(key, Name(key[..^FileSuffix.Length]), value, origin);
            }
        }
    }

    private void PutFile(string key, string name, string file, string origin)
    {
        try
        {
            // The line's end that an editor leaves is no part of a password.
            Put(name, File.ReadAllText(file).TrimEnd('\r', '\n'), $"{file}, named by the {origin}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            _faults.Add($"{key} ({origin}): '{file}' cannot be read: {e.Message} Name a file that holds the value and that this user may read.");
            return;
        }

        if (Secrets.Is(name))
        {
            WarnOfOpenFile(name, file);
        }
    }

    private void Put(string key, string value, string origin) => _options[key] = new GivenOption(key, value, origin);

    /// <summary>
    /// librdkafka writes its properties in lower case with dots, which the names of environment variables cannot have:
    /// <c>SASL_PASSWORD</c> is <c>sasl.password</c>.
    /// </summary>
    private static string Name(string key) => key.StartsWith(Properties, StringComparison.OrdinalIgnoreCase)
        ? Properties + key[Properties.Length..].ToLowerInvariant().Replace('_', '.')
        : key;

    private void LookAfterSecrets(string file)
    {
        foreach (var option in _options.Values)
        {
            if (Secrets.IsFile(option.Key))
            {
                WarnOfOpenFile(option.Key, option.Value);
            }
            else if (Secrets.Is(option.Key) && option.Origin == CommandLine)
            {
                _warnings.Add($"{option.Key} is on the command line, where every user of this machine can read it in the list of processes. Give it in the environment, or in a file: {option.Key}{FileSuffix}=FILE.");
            }
            else if (Secrets.Is(option.Key) && option.Origin == file)
            {
                WarnOfOpenFile(option.Key, file);
            }
        }
    }

    private void WarnOfOpenFile(string option, string file)
    {
        if (Secrets.IsOpenToAll(file))
        {
            _warnings.Add($"{option}: every user of this machine may read {file}, which holds a secret. Cure: chmod o-rwx {file}");
        }
    }

    /// <summary>Named twice, the later one counts, as on any command line.</summary>
    private static Dictionary<string, string?> Pairs(IReadOnlyList<string> sets)
    {
        var last = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var pair in sets.Select(set => set.Split('=', 2)))
        {
            last[pair[0]] = pair.Length == 2 ? pair[1] : throw new StartupException($"--set {pair[0]}: write --set Section:Key=value, for example --set Kafka:BootstrapServers=localhost:9092.");
        }

        return last;
    }
}
