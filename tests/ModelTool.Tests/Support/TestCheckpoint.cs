using System.Text.Json.Nodes;
using ModelTool.Import;

namespace ModelTool.Tests.Support;

/// <summary>A checkpoint folder that a test may spoil, and the command that imports it.</summary>
internal sealed class TestCheckpoint(TestFolder folder)
{
    public string Bundle { get; } = folder.PathOf("bundle");

    private string Folder { get; } = folder.PathOf("checkpoint");

    public string PathOf(string name) => Path.Combine(Folder, name);

    public (int ExitCode, string Output, string Error) Import(params string[] arguments) => Tool.Run(["import", Folder, "--out", Bundle, .. arguments]);

    public string Fault(params string[] arguments) => Tool.Fault(["import", Folder, "--out", Bundle, .. arguments]);

    /// <summary>The fixture model without its heads.json; members of its config.json changed, or removed where they are null.</summary>
    public void Write(string changes = "{}")
    {
        Directory.CreateDirectory(Folder);
        foreach (var name in (string[])["model.safetensors", "vocab.txt"])
        {
            File.Copy(Repository.TinyBert(name), PathOf(name), overwrite: true);
        }

        var config = JsonNode.Parse(File.ReadAllText(Repository.TinyBert("config.json")))!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(changes)!.AsObject())
        {
            config.Remove(name);
            if (value is not null)
            {
                config[name] = value.DeepClone();
            }
        }

        File.WriteAllText(PathOf("config.json"), config.ToJsonString());
    }

    /// <summary>Writes its weights anew under other names, or with other values.</summary>
    public void Rewrite(Func<string, string> rename, Action<string, float[]>? change = null)
    {
        var tensors = new List<NamedTensor>();
        using (var file = SafetensorsFile.Open(PathOf("model.safetensors")))
        {
            foreach (var (name, tensor) in file.Tensors)
            {
                var data = file.Floats(name);
                if (data.Length > 3)
                {
                    change?.Invoke(name, data);
                }

                tensors.Add(new NamedTensor(rename(name), tensor.Shape, () => data));
            }
        }

        SafetensorsWriter.Write(PathOf("model.safetensors"), tensors);
    }
}
