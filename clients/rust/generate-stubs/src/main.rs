//! Writes the stubs of the contract. `../generate` compiles the contract and calls this with the file descriptor set and
//! the folder to write to.

use prost::Message;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [set, folder] = <[String; 2]>::try_from(std::env::args().skip(1).collect::<Vec<_>>())
        .map_err(|_| "usage: generate-stubs DESCRIPTOR_SET FOLDER")?;
    let set = prost_types::FileDescriptorSet::decode(std::fs::read(set)?.as_slice())?;
    tonic_prost_build::configure()
        .build_server(false)
        // The crate has no `connect`: its own node is the channel.
        .build_transport(false)
        .out_dir(folder)
        .compile_fds(set)?;
    Ok(())
}
